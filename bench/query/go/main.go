// bench/query with go-salesforce: every record read into structs, one number added up.
package main

import (
	"fmt"
	"os"

	salesforce "github.com/k-capehart/go-salesforce/v3"
)

type contact struct {
	Id                string
	LastName          string
	NumberOfVisits__c int
}

func main() {
	sf, err := salesforce.Init(salesforce.Creds{Domain: os.Args[1], AccessToken: "00Dbench!token"},
		salesforce.WithValidateAuthentication(false))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var records []contact
	if err := sf.Query("SELECT Id, LastName, NumberOfVisits__c FROM Contact", &records); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	sum := 0
	for _, r := range records {
		sum += r.NumberOfVisits__c
	}
	fmt.Println(len(records), sum)
}
