// What every JavaScript client of bench/events does with an event: the header and two fields, as ours.c reads them.
'use strict';
exports.tally = (wanted, done) => {
  let count = 0, sum = 0, last = 0;
  return (message) => {
    const header = message.payload.ChangeEventHeader;
    const id = message.event.replayId;
    if (id <= last) throw new Error(`replay id ${id} after ${last}`);
    last = id;
    sum += message.payload.AnnualRevenue + message.payload.Name.charCodeAt(11) + header.recordIds[0].charCodeAt(14) +
      header.sequenceNumber + header.entityName.charCodeAt(0) + (header.changeType === 'CREATE' ? 67 : 85) + header.changedFields.length;
    if (++count === wanted) done(`${count} ${sum.toFixed(1)} ${last}`);
  };
};
