"""bench/export with simple-salesforce: the rows of a bulk query into a file, page by page."""
import sys

from simple_salesforce import Salesforce

url, soql, path = sys.argv[1:]
sf = Salesforce(session_id="00Dbench!token", instance_url=url, version="62.0")
sf.bulk2_url = f"{url}/services/data/v62.0/jobs/"  # it insists on https otherwise
with open(path, "w", encoding="utf-8") as out:
    for n, page in enumerate(sf.bulk2.Contact.query(soql, wait=0.02)):
        out.write(page if n == 0 else page[page.index("\n") + 1:])
