// Runs Apache Kafka's command line tools one after the other in one Java machine, for kafka_tools.ts: each line of
// standard input is a call as JSON, each line of standard output what became of it.
// Run from source: java -cp <kafka jars> KafkaTools.java

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.utils.Exit;

public class KafkaTools {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** A tool's way to end its process ends its call instead; tools that catch everything must find nothing to print. */
    private static class Ended extends Error {
        Ended() {
            super("", null, false, false);
        }

        @Override
        public void printStackTrace(PrintStream stream) {}

        @Override
        public void printStackTrace(PrintWriter writer) {}
    }

    /** What the call ended with. The first end counts: a tool that catches it ends once more, with a failure. */
    private static volatile Integer endedWith;

    public static void main(String[] arguments) throws Exception {
        PrintStream answers = System.out;
        // One stream for all calls: some tools keep the one that they found first.
        var output = new ByteArrayOutputStream();
        var errors = new ByteArrayOutputStream();
        System.setOut(new PrintStream(output, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(errors, true, StandardCharsets.UTF_8));
        List<Runnable> hooks = new ArrayList<>();
        Exit.Procedure end = (code, message) -> {
            if (endedWith == null) {
                endedWith = code;
                if (message != null) System.err.println(message);
            }
            throw new Ended();
        };
        Exit.setExitProcedure(end);
        Exit.setHaltProcedure(end);
        Exit.setShutdownHookAdder((name, hook) -> hooks.add(hook));
        var calls = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = calls.readLine(); line != null; line = calls.readLine()) {
            JsonNode call = JSON.readTree(line);
            output.reset();
            errors.reset();
            System.setIn(new ByteArrayInputStream(call.get("input").asText().getBytes(StandardCharsets.UTF_8)));
            int code = run(call);
            hooks.forEach(Runnable::run);
            hooks.clear();
            ObjectNode answer = JSON.createObjectNode();
            answer.put("code", code);
            answer.put("stdout", output.toString(StandardCharsets.UTF_8));
            answer.put("stderr", errors.toString(StandardCharsets.UTF_8));
            answers.println(answer);
            answers.flush();
        }
        Runtime.getRuntime().halt(0);
    }

    private static int run(JsonNode call) throws Exception {
        String[] given = JSON.convertValue(call.get("arguments"), String[].class);
        endedWith = null;
        try {
            Class.forName(call.get("tool").asText()).getMethod("main", String[].class).invoke(null, (Object) given);
        } catch (InvocationTargetException failure) {
            if (!(failure.getCause() instanceof Ended)) {
                failure.getCause().printStackTrace();
                return 1;
            }
        }
        return endedWith == null ? 0 : endedWith;
    }
}
