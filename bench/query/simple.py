"""bench/query with simple-salesforce: every record read, one number added up."""
import sys
from simple_salesforce import Salesforce

url = sys.argv[1]
sf = Salesforce(session_id="00Dbench!token", instance_url=url, version="62.0")
sf.base_url = url + "/services/data/v62.0/"  # it insists on https otherwise
rows = total = 0
host = url.split("//")[1]
sf.sf_instance = host
result = sf.query("SELECT Id, Name, NumberOfVisits__c FROM Contact")
while True:
    for record in result["records"]:
        rows += 1
        total += record["NumberOfVisits__c"]
    if result["done"]:
        break
    result = sf.query_more(result["nextRecordsUrl"].rsplit("/", 1)[1])  # by locator: keeps our base_url
print(rows, total)
