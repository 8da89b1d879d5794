/* EmpTest.java: the CometD client of 2016, which sends a header for each cookie, driven as the vendor's sample connector does it
 * (long polling, the token in a header, a replay extension), against sforce-org with cookies asked for. Every check compares what
 * came; the last line counts them. Arguments: the org's URL and an access token. */
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.cometd.bayeux.Channel;
import org.cometd.bayeux.Message;
import org.cometd.bayeux.client.ClientSession;
import org.cometd.bayeux.client.ClientSessionChannel;
import org.cometd.client.BayeuxClient;
import org.cometd.client.transport.LongPollingTransport;
import org.eclipse.jetty.client.HttpClient;
import org.eclipse.jetty.client.api.Request;

public class EmpTest {
    static int compared, wrong;
    static String url, token;
    static final java.net.http.HttpClient web = java.net.http.HttpClient.newHttpClient();
    static final BlockingQueue<Message> answers = new LinkedBlockingQueue<>();
    static final Map<String, Long> positions = new ConcurrentHashMap<>();

    static void same(String what, Object actual, Object expected) {
        compared++;
        if (Objects.equals(actual, expected)) return;
        wrong++;
        System.err.println("FAIL " + what + ": " + actual + " is not " + expected);
    }
    static String http(String method, String path, String body) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url + path)).header("Authorization", "Bearer " + token)
            .header("Content-Type", "application/json").method(method, HttpRequest.BodyPublishers.ofString(body)).build();
        return web.send(request, HttpResponse.BodyHandlers.ofString()).body();
    }
    static void publish(String text) throws Exception {
        http("POST", "/services/data/v62.0/sobjects/Note__e", "{\"Text__c\":\"" + text + "\"}");
    }

    /* Hands the positions over with each subscription, and keeps those of what came. */
    static class Replay extends ClientSession.Extension.Adapter {
        @Override
        public boolean sendMeta(ClientSession session, Message.Mutable message) {
            if (message.getChannel().equals(Channel.META_HANDSHAKE)) message.getExt(true).put("replay", true);
            if (message.getChannel().equals(Channel.META_SUBSCRIBE)) message.getExt(true).put("replay", positions);
            return true;
        }
        @Override
        public boolean rcv(ClientSession session, Message.Mutable message) {
            Map<?, ?> event = (Map<?, ?>)message.getDataAsMap().get("event");
            positions.put(message.getChannel(), ((Number)event.get("replayId")).longValue());
            return true;
        }
    }

    static BayeuxClient connect(HttpClient http) throws Exception {
        LongPollingTransport transport = new LongPollingTransport(new HashMap<>(), http) {
            @Override
            protected void customize(Request request) {
                super.customize(request);
                request.header("Authorization", "OAuth " + token);
            }
        };
        BayeuxClient client = new BayeuxClient(url + "/cometd/62.0", transport);
        client.addExtension(new Replay());
        client.getChannel(Channel.META_SUBSCRIBE).addListener((ClientSessionChannel.MessageListener)(channel, message) -> answers.add(message));
        client.handshake();
        same("connected", client.waitFor(20000, BayeuxClient.State.CONNECTED), true);
        return client;
    }
    static BlockingQueue<String> subscribe(BayeuxClient client, String channel) throws Exception {
        BlockingQueue<String> texts = new LinkedBlockingQueue<>();
        client.getChannel(channel).subscribe((from, message) -> texts.add((String)((Map<?, ?>)message.getDataAsMap().get("payload")).get("Text__c")));
        Message answer = answers.poll(20, TimeUnit.SECONDS);
        same(channel, answer != null ? String.valueOf(answer.get("error")).split("\\. ")[0] : "no answer", positions.containsKey(channel) ? "null"
            : "400::The replayId for channel {" + channel + "} wasn't found using the provided replay ID map {{/event/Note__e=" + positions.get("/event/Note__e") + "}}");
        return texts;
    }

    public static void main(String[] args) throws Exception {
        url = args[0];
        token = args[1];
        HttpClient http = new HttpClient();
        http.start();
        publish("before");
        positions.put("/event/Note__e", -2L);
        BayeuxClient client = connect(http);
        BlockingQueue<String> texts = subscribe(client, "/event/Note__e");
        same("kept", texts.poll(20, TimeUnit.SECONDS), "before");
        for (int i = 0; i < 100; i++) publish("Zoë " + i);
        for (int i = 0; i < 100; i++) same("live", texts.poll(20, TimeUnit.SECONDS), "Zoë " + i);
        subscribe(client, "/data/ContactChangeEvent"); // without a position
        same("left", client.disconnect(20000), true);
        publish("missed");
        client = connect(http); // with the cookies of the one before
        texts = subscribe(client, "/event/Note__e");
        same("from its position", texts.poll(20, TimeUnit.SECONDS), "missed");
        same("one client", http("GET", "/__org/events", "").contains("\"clients\":1,"), true);
        client.disconnect(20000);
        http.stop();
        System.out.println("CometD 3: " + compared + " results compared, " + wrong + " wrong");
        System.exit(wrong == 0 ? 0 : 1);
    }
}
