// A faye server with two channels: a message every 20 ms on /event/Tick__e, and one client id in three forgotten on its way,
// so that the listener has to begin sessions anew. Prints its port.
'use strict';
const http = require('http');
const path = require('path');
const faye = require(path.join(process.argv[2], 'faye'));

const bayeux = new faye.NodeAdapter({ mount: '/cometd/64.0', timeout: 2 });
let count = 0, connects = 0;
bayeux.addExtension({
    incoming(message, callback) {
        if (message.channel === '/meta/connect' && ++connects % 15 === 0) message.clientId = 'forgotten';
        callback(message);
    },
});
bayeux.on('handshake', () => console.error('handshake'));
bayeux.on('disconnect', () => console.error('disconnect'));
const server = http.createServer();
bayeux.attach(server);
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
setInterval(() => {
    count++;
    bayeux.getClient().publish('/event/Tick__e', { payload: { n: count }, event: { replayId: count } });
}, 20);
