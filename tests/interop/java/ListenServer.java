/* ListenServer.java: the Java CometD server in Jetty, as cometd_listen_test.js describes it: three channels, numbers that go out
 * only while somebody listens, no replay. Arguments: a port (0: a free one), the first number. */
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.cometd.bayeux.Promise;
import org.cometd.bayeux.server.BayeuxServer;
import org.cometd.bayeux.server.ServerMessage;
import org.cometd.bayeux.server.ServerSession;
import org.cometd.server.http.jakarta.CometDServlet;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

public class ListenServer {
    static boolean over; /* under the lock of the numbers */

    public static void main(String[] arguments) throws Exception {
        Server server = new Server();
        ServerConnector connector = new ServerConnector(server);
        connector.setHost("127.0.0.1");
        connector.setPort(Integer.parseInt(arguments[0]));
        server.addConnector(connector);
        ServletContextHandler context = new ServletContextHandler("/");
        CometDServlet cometd = new CometDServlet();
        ServletHolder holder = new ServletHolder(cometd);
        for (Map.Entry<String, String> option : Map.of("timeout", "1500", "maxInterval", "5000").entrySet())
            holder.setInitParameter(option.getKey(), option.getValue());
        holder.setInitOrder(1);
        holder.setAsyncSupported(true);
        context.addServlet(holder, "/cometd/*");
        context.addServlet(new ServletHolder(new HttpServlet() {
            @Override protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
                BayeuxServer bayeux = cometd.getBayeuxServer();
                for (ServerSession session : bayeux.getSessions())
                    if (request.getPathInfo().endsWith("close")) session.disconnect();
                    else bayeux.removeSession(session);
                response.getWriter().println("done");
            }
        }), "/control/*");
        server.setHandler(context);
        server.start();

        BayeuxServer bayeux = cometd.getBayeuxServer();
        bayeux.addListener(new BayeuxServer.SessionListener() {
            @Override public void sessionAdded(ServerSession session, ServerMessage message) { System.err.println("handshake"); }
            @Override public void sessionRemoved(ServerSession session, ServerMessage message, boolean timeout) {
                System.err.println(timeout ? "expired" : "disconnect");
            }
        });
        Map<String, Long> numbers = Collections.synchronizedMap(new TreeMap<>());
        for (String name : List.of("/event/Tick__e", "/event/Tock__e", "/data/ChangeEvents")) {
            numbers.put(name, Long.parseLong(arguments[1]));
            bayeux.createChannelIfAbsent(name, channel -> channel.setPersistent(true));
        }
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            synchronized (numbers) { /* nothing is published behind the number that is told */
                over = true;
                System.err.println("last " + Collections.max(numbers.values()));
            }
        }));
        System.out.println(connector.getLocalPort());
        while (true) {
            synchronized (numbers) {
                for (String name : over ? List.<String>of() : List.copyOf(numbers.keySet())) {
                    if (bayeux.getChannel(name).getSubscribers().isEmpty()) continue;
                    long n = numbers.merge(name, 1L, Long::sum);
                    bayeux.getChannel(name).publish(null, Map.of("event", Map.of("replayId", n), "payload", Map.of("n", n, "ChangeEventHeader",
                    Map.of("changeType", "CREATE", "entityName", "Account", "recordIds", List.of("001000000000001AAA")))), Promise.noop());
                }
            }
            Thread.sleep(10);
        }
    }
}
