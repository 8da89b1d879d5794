// bench/bulk with go-salesforce: the file in jobs of 10,000 rows, which is its most. It tells no rows, only its jobs.
package main

import (
	"fmt"
	"os"

	salesforce "github.com/k-capehart/go-salesforce/v3"
)

func main() {
	sf, err := salesforce.Init(salesforce.Creds{Domain: os.Args[1], AccessToken: "00Dbench!token"},
		salesforce.WithValidateAuthentication(false))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	jobs, err := sf.InsertBulkFile("Contact", os.Args[2], 10000, true)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(len(jobs), "jobs")
}
