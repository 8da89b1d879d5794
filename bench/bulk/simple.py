"""bench/bulk with simple-salesforce: the file through its bulk2 handler, in two jobs; the rows of its jobs added up."""
import sys

from simple_salesforce import Salesforce

url, path = sys.argv[1:]
sf = Salesforce(session_id="00Dbench!token", instance_url=url, version="62.0")
sf.bulk2_url = f"{url}/services/data/v62.0/jobs/"  # it insists on https otherwise
print(sum(job["numberRecordsProcessed"] for job in sf.bulk2.Contact.insert(path, batch_size=500000, wait=0.02)))
