/* salesforce.h: all of libsalesforce. One header a service below salesforce/; each may be included alone. */
#ifndef SALESFORCE_H
#define SALESFORCE_H
#include <salesforce/apex.h>
#include <salesforce/actions.h>
#include <salesforce/approvals.h>
#include <salesforce/auth.h>
#include <salesforce/base.h>
#include <salesforce/blobs.h>
#include <salesforce/bulk2.h>
#include <salesforce/client.h>
#include <salesforce/composite.h>
#include <salesforce/collections.h>
#include <salesforce/describe.h>
#include <salesforce/layouts.h>
#include <salesforce/query.h>
#include <salesforce/records.h>
#include <salesforce/related.h>
#include <salesforce/replication.h>
#include <salesforce/reports.h>
#include <salesforce/search.h>
#include <salesforce/stream.h>
#include <salesforce/users.h>
#include <salesforce/soap.h>
#include <salesforce/value.h>
#include <salesforce/xml.h>
#include <salesforce/writer.h>
#endif
