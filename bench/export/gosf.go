// bench/export with go-salesforce: the rows of a bulk query into a file.
package main

import (
	"fmt"
	"os"

	salesforce "github.com/k-capehart/go-salesforce/v3"
)

func main() {
	sf, err := salesforce.Init(salesforce.Creds{Domain: os.Args[1], AccessToken: "00Dbench!token"},
		salesforce.WithValidateAuthentication(false), salesforce.WithAPIVersion("v62.0"))
	if err == nil {
		err = sf.QueryBulkExport(os.Args[2], os.Args[3])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
