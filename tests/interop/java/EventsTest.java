/* EventsTest.java: the Java CometD client as the vendor's connector drives it (the bare token, a replay extension with a map of
 * all channels, everything subscribed again after each handshake), against sforce-org. Every check compares what came; the last
 * line counts them. Arguments: the org's URL and an access token. */
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.cometd.bayeux.Channel;
import org.cometd.bayeux.Message;
import org.cometd.bayeux.client.ClientSession;
import org.cometd.bayeux.client.ClientSessionChannel;
import org.cometd.client.BayeuxClient;
import org.cometd.client.http.jetty.JettyHttpClientTransport;
import org.cometd.client.transport.ClientTransport;
import org.eclipse.jetty.client.HttpClient;
import org.eclipse.jetty.client.Request;
import org.eclipse.jetty.util.ajax.JSON;

public class EventsTest {
    static String url, token;
    static int compared, wrong;
    static final java.net.http.HttpClient web = java.net.http.HttpClient.newHttpClient();

    static void same(String what, Object actual, Object expected) {
        compared++;
        if (Objects.equals(actual, expected)) return;
        wrong++;
        System.err.println("FAIL " + what + ": " + actual + " is not " + expected);
    }

    /* ---- the org by other ways ---- */
    static Object call(String method, String path, String type, String body) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url + path)).header("Authorization", "Bearer " + token)
            .header("Content-Type", type).header("SOAPAction", "\"\"")
            .method(method, HttpRequest.BodyPublishers.ofString(body)).build();
        String answer = web.send(request, HttpResponse.BodyHandlers.ofString()).body();
        return answer.startsWith("{") || answer.startsWith("[") ? new JSON().fromJSON(answer) : answer;
    }
    static Object rest(String method, String path, String body) throws Exception {
        return call(method, "/services/data/v64.0/" + path, "application/json", body);
    }
    static String created(String object, String fields) throws Exception {
        return (String)((Map<?, ?>)rest("POST", "sobjects/" + object, fields)).get("id");
    }
    static void undelete(String id) throws Exception {
        call("POST", "/services/Soap/u/64.0", "text/xml",
            "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/' xmlns='urn:partner.soap.sforce.com'><e:Header><SessionHeader><sessionId>"
                + token + "</sessionId></SessionHeader></e:Header><e:Body><undelete><ids>" + id + "</ids></undelete></e:Body></e:Envelope>");
    }

    /* ---- the client ---- */
    static class Replay implements ClientSession.Extension {
        final Map<String, Object> positions;
        boolean supported;
        Replay(Map<String, Object> positions) { this.positions = positions; }
        @Override public boolean sendMeta(ClientSession session, Message.Mutable message) {
            if (Channel.META_HANDSHAKE.equals(message.getChannel())) message.getExt(true).put("replay", true);
            if (Channel.META_SUBSCRIBE.equals(message.getChannel()) && supported) message.getExt(true).put("replay", new HashMap<>(positions));
            return true;
        }
        @Override public boolean rcvMeta(ClientSession session, Message.Mutable message) {
            if (Channel.META_HANDSHAKE.equals(message.getChannel()))
                supported = message.getExt() != null && Boolean.TRUE.equals(message.getExt().get("replay"));
            return true;
        }
        @Override public boolean rcv(ClientSession session, Message.Mutable message) {
            Object id = ((Map<?, ?>)message.getDataAsMap().get("event")).get("replayId");
            if (id != null) positions.put(message.getChannel(), id);
            return true;
        }
    }

    static class Connector {
        final HttpClient http = new HttpClient();
        final BayeuxClient client;
        final Replay replay;
        final Map<String, BlockingQueue<Map<String, Object>>> inboxes = new ConcurrentHashMap<>();
        final BlockingQueue<String> handshakes = new ArrayBlockingQueue<>(100), refusals = new ArrayBlockingQueue<>(100),
            subscribed = new ArrayBlockingQueue<>(100);

        Connector(Map<String, Object> positions) throws Exception {
            http.start();
            Map<String, Object> options = new HashMap<>();
            options.put(ClientTransport.MAX_NETWORK_DELAY_OPTION, 130000L);
            client = new BayeuxClient(url + "/cometd/64.0", new JettyHttpClientTransport(options, http) {
                @Override protected void customize(Request request) { request.headers(h -> h.put("Authorization", token)); }
            });
            replay = new Replay(positions);
            client.addExtension(replay);
            client.getChannel(Channel.META_HANDSHAKE).addListener((ClientSessionChannel.MessageListener)(channel, message) -> {
                if (message.isSuccessful()) inboxes.keySet().forEach(this::subscribe);
                handshakes.add(message.isSuccessful() ? "ok" : String.valueOf(message.get("error")));
            });
            client.getChannel(Channel.META_CONNECT).addListener((ClientSessionChannel.MessageListener)(channel, message) -> {
                if (!message.isSuccessful()) refusals.add(String.valueOf(message.get("error")));
            });
        }
        void subscribe(String name) {
            replay.positions.putIfAbsent(path(name), -1L);
            BlockingQueue<Map<String, Object>> inbox = inboxes.computeIfAbsent(name, n -> new ArrayBlockingQueue<>(1000));
            client.getChannel(name).subscribe((channel, message) -> inbox.add(message.getDataAsMap()),
                reply -> subscribed.add(reply.isSuccessful() ? "ok" : String.valueOf(reply.get("error"))));
        }
        String subscribeAndWait(String name, Object from) throws Exception {
            if (from != null) replay.positions.put(path(name), from);
            subscribe(name);
            return taken(subscribed);
        }
        static String path(String name) { return name.contains("?") ? name.substring(0, name.indexOf('?')) : name; }
        void start() throws Exception {
            client.handshake();
            same("handshake", taken(handshakes), "ok");
        }
        String unsubscribe(String name) throws Exception {
            BlockingQueue<String> answer = new ArrayBlockingQueue<>(1);
            for (ClientSessionChannel.MessageListener l : client.getChannel(name).getSubscribers())
                client.getChannel(name).unsubscribe(l, reply -> answer.add(String.valueOf(reply.isSuccessful())));
            inboxes.remove(name);
            return taken(answer);
        }
        Map<String, Object> next(String name) throws Exception { return taken(inboxes.get(name)); }
        int left() { return inboxes.values().stream().mapToInt(BlockingQueue::size).sum(); }
        void stop() throws Exception {
            BlockingQueue<Boolean> answer = new ArrayBlockingQueue<>(1);
            client.disconnect(reply -> answer.add(reply.isSuccessful()));
            same("goodbye", taken(answer), true);
            http.stop();
        }
    }
    static <T> T taken(BlockingQueue<T> queue) throws Exception {
        T got = queue.poll(30, TimeUnit.SECONDS);
        if (got == null) throw new Exception("nothing came in 30 s");
        return got;
    }
    @SuppressWarnings("unchecked") static Map<String, Object> in(Map<String, Object> map, String... names) {
        for (String name : names) map = (Map<String, Object>)map.get(name);
        return map;
    }
    /* What a change event says: its kind, object, records and changed fields. */
    static List<Object> change(Map<String, Object> data) {
        Map<String, Object> header = in(data, "payload", "ChangeEventHeader");
        return List.of(header.get("changeType"), header.get("entityName"), list(header.get("recordIds")), list(header.get("changedFields")));
    }
    static List<Object> list(Object value) {
        return value == null ? List.of() : value instanceof Object[] ? List.of((Object[])value) : new ArrayList<>((List<?>)value);
    }
    static Object replayId(Map<String, Object> data) { return in(data, "event").get("replayId"); }

    /* ---- what is to be seen ---- */
    static final String ALL = "/data/ChangeEvents", ACCOUNTS = "/data/AccountChangeEvent", BOXES = "/data/Box__ChangeEvent", INK = "/event/Low_Ink__e";

    static void kinds(Connector c) throws Exception {
        String id = created("Account", "{\"Name\":\"Zo\u00eb \u65e5\u672c\",\"BillingCity\":\"Aveiro\"}");
        Map<String, Object> event = c.next(ALL);
        same("created", change(event), List.of("CREATE", "Account", List.of(id), List.of()));
        same("its fields", in(event, "payload").get("Name") + " " + in(event, "payload").get("BillingAddress"), "Zo\u00eb \u65e5\u672c {City=Aveiro}");
        same("the same on its own channel", c.next(ACCOUNTS), event);
        rest("PATCH", "sobjects/Account/" + id, "{\"Phone\":\"12\",\"BillingCity\":null}");
        event = c.next(ACCOUNTS);
        same("updated", change(event), List.of("UPDATE", "Account", List.of(id), List.of("LastModifiedDate", "BillingAddress.City", "Phone")));
        rest("DELETE", "sobjects/Account/" + id, "");
        same("deleted", change(c.next(ACCOUNTS)), List.of("DELETE", "Account", List.of(id), List.of()));
        undelete(id);
        same("undeleted", change(c.next(ACCOUNTS)).get(0), "UNDELETE");
        for (String kind : List.of("UPDATE", "DELETE", "UNDELETE")) same(kind + " on the channel of all", change(c.next(ALL)).get(0), kind);

        String one = created("Box__c", "{\"Name\":\"a\"}"), two = created("Box__c", "{\"Name\":\"b\"}");
        for (int i = 0; i < 2; i++) same("boxes", change(c.next(BOXES)).get(0), "CREATE");
        rest("PATCH", "composite/sobjects", "{\"records\":[{\"attributes\":{\"type\":\"Box__c\"},\"id\":\"" + one
            + "\",\"Tenure__c\":9},{\"attributes\":{\"type\":\"Box__c\"},\"id\":\"" + two + "\",\"Tenure__c\":9}]}");
        same("one event for the same update", change(c.next(BOXES)), List.of("UPDATE", "Box__c", List.of(one, two), List.of("LastModifiedDate", "Tenure__c")));

        Map<?, ?> published = (Map<?, ?>)rest("POST", "sobjects/Low_Ink__e", "{\"Model__c\":\"XZ-5\",\"Level__c\":7.5}");
        event = c.next(INK);
        same("published", in(event, "payload").get("Model__c") + " " + in(event, "payload").get("Level__c"), "XZ-5 7.5");
        same("its UUID", in(event, "event").get("EventUuid"), ((Map<?, ?>)list(published.get("errors")).get(0)).get("message"));
        same("nothing twice", c.inboxes.get(ACCOUNTS).size() + c.inboxes.get(INK).size() + c.inboxes.get(BOXES).size(), 0);
        for (int i = 0; i < 3; i++) c.next(ALL);
        same("nor on the channel of all", c.left(), 0);
    }

    static void topics(Connector c) throws Exception {
        created("PushTopic", "{\"Name\":\"Boxes\",\"Query\":\"SELECT Id, Name, Tenure__c FROM Box__c\",\"ApiVersion\":64}");
        String channel = created("StreamingChannel", "{\"Name\":\"/u/team/notes\"}");
        for (String name : List.of("/topic/Boxes", "/u/team/notes")) same(name, c.subscribeAndWait(name, null), "ok");
        String id = created("Box__c", "{\"Name\":\"small\",\"Tenure__c\":1}");
        rest("PATCH", "sobjects/Box__c/" + id, "{\"Tenure__c\":6}");
        rest("DELETE", "sobjects/Box__c/" + id, "");
        Map<String, Map<String, Object>> expected = new TreeMap<>(); /* created, deleted, updated */
        expected.put("created", Map.of("Id", id, "Name", "small", "Tenure__c", 1.0));
        expected.put("updated", Map.of("Id", id, "Name", "small", "Tenure__c", 6.0));
        expected.put("deleted", Map.of("Id", id));
        for (String type : List.of("created", "updated", "deleted")) {
            Map<String, Object> told = c.next("/topic/Boxes");
            same("topic: " + type, in(told, "event").get("type"), type);
            same("its record", in(told, "sobject"), expected.get(type));
        }
        rest("POST", "sobjects/StreamingChannel/" + channel + "/push", "{\"pushEvents\":[{\"payload\":\"any text \u65e5\u672c\"}]}");
        same("pushed", c.next("/u/team/notes").get("payload"), "any text \u65e5\u672c");
        for (String name : List.of("/topic/Boxes", "/u/team/notes")) same("left " + name, c.unsubscribe(name), "true");
        for (int i = 0; i < 3; i++) {
            c.next(BOXES); /* of the topics' box */
            c.next(ALL);
        }
        same("nothing is left over", c.left(), 0);
    }

    static void refused(Connector c) throws Exception {
        same("no such channel", c.subscribeAndWait("/event/Nope__e", null),
            "400::The channel you requested to subscribe to does not exist {/event/Nope__e}");
        c.inboxes.remove("/event/Nope__e");
        Connector other = new Connector(new ConcurrentHashMap<>());
        other.start();
        same("an id that never was", other.subscribeAndWait(INK, 17L),
            "400::The replayId {17} you provided was invalid.  Please provide a valid ID, -2 to replay all events, or -1 to replay only new events.");
        same("so from the start", other.subscribeAndWait(INK, -2L), "ok");
        same("and there it is", in(other.next(INK), "payload").get("Model__c"), "XZ-5");
        other.stop();
    }

    static void replayed(Map<String, Object> first) throws Exception {
        Connector c = new Connector(new ConcurrentHashMap<>());
        c.start();
        same("behind an id", c.subscribeAndWait(ACCOUNTS, replayId(first)), "ok");
        for (String kind : List.of("UPDATE", "DELETE", "UNDELETE")) same("replay behind an id", change(c.next(ACCOUNTS)).get(0), kind);
        same("all that are kept", c.subscribeAndWait(BOXES, -2L), "ok");
        for (String kind : List.of("CREATE", "CREATE", "UPDATE")) same("replay of all", change(c.next(BOXES)).get(0), kind);
        same("no more", c.left(), 0);
        c.stop();
    }

    static void forgotten(Connector c) throws Exception {
        same("the org forgets its client", ((Map<?, ?>)call("DELETE", "/__org/streaming", "application/json", "")).get("dropped"), 1L);
        rest("POST", "sobjects/Low_Ink__e", "{\"Model__c\":\"while away\"}");
        same("told so", taken(c.refusals), "403::Unknown client");
        same("a new handshake by itself", taken(c.handshakes), "ok");
        same("nothing lost", in(c.next(INK), "payload").get("Model__c"), "while away");
        rest("POST", "sobjects/Low_Ink__e", "{\"Model__c\":\"after\"}");
        same("and on it goes", in(c.next(INK), "payload").get("Model__c"), "after");
        same("nothing twice", c.inboxes.get(INK).size(), 0);
    }

    static Connector expired(Connector c) throws Exception {
        call("POST", "/__org/expire-sessions", "application/json", "");
        same("the session died", taken(c.refusals), "401::Authentication invalid");
        same("and it stays so", c.client.waitFor(60000, BayeuxClient.State.DISCONNECTED), true);
        c.http.stop();
        Connector dead = new Connector(new ConcurrentHashMap<>());
        dead.client.handshake();
        same("no handshake with a dead token", taken(dead.handshakes), "403::Handshake denied");
        dead.client.abort();
        dead.http.stop();
        token = (String)((Map<?, ?>)call("POST", "/__org/tokens", "application/json", "")).get("access_token");
        rest("POST", "sobjects/Low_Ink__e", "{\"Model__c\":\"in between\"}");
        Connector next = new Connector(c.replay.positions);
        c.inboxes.keySet().forEach(name -> next.inboxes.put(name, new ArrayBlockingQueue<>(1000)));
        next.start();
        same("a new token goes on from there", in(next.next(INK), "payload").get("Model__c"), "in between");
        return next;
    }

    public static void main(String[] arguments) {
        try {
            url = arguments[0];
            token = arguments[1];
            run();
            System.out.println(compared + " compared, " + wrong + " wrong");
            System.exit(wrong == 0 && compared == 73 ? 0 : 1);
        } catch (Throwable e) {
            e.printStackTrace(); /* the client's threads would keep the program alive */
            System.exit(1);
        }
    }
    static void run() throws Exception {
        Connector c = new Connector(new ConcurrentHashMap<>(new TreeMap<>()));
        for (String name : List.of(ALL, ACCOUNTS, BOXES, INK)) c.inboxes.put(name, new ArrayBlockingQueue<>(1000));
        c.start();
        for (int i = 0; i < 4; i++) same("subscribed", taken(c.subscribed), "ok");
        same("replay is served", c.replay.supported, true);
        String marker = created("Account", "{\"Name\":\"marker\"}");
        Map<String, Object> first = c.next(ACCOUNTS);
        same("marked", list(in(first, "payload", "ChangeEventHeader").get("recordIds")), List.of(marker));
        same("for all", c.next(ALL), first);
        kinds(c);
        refused(c);
        replayed(firstOfKinds(first));
        topics(c);
        same("unsubscribed", c.unsubscribe(ALL), "true");
        rest("PATCH", "sobjects/Account/" + marker, "{\"Phone\":\"3\"}");
        same("on the one", change(c.next(ACCOUNTS)).get(0), "UPDATE");
        same("and not on the other", c.left(), 0);
        forgotten(c);
        c = expired(c);
        c.stop();
        same("only the client of the dead session is left", ((Map<?, ?>)call("GET", "/__org/events", "application/json", "")).get("clients"), 1L);
    }
    /* The account's creation in kinds() came right behind the marker. */
    static Map<String, Object> firstOfKinds(Map<String, Object> marker) throws Exception {
        Connector c = new Connector(new ConcurrentHashMap<>());
        c.start();
        same("behind the marker", c.subscribeAndWait(ACCOUNTS, replayId(marker)), "ok");
        Map<String, Object> event = c.next(ACCOUNTS);
        same("the first there", change(event).get(0), "CREATE");
        c.stop();
        return event;
    }
}
