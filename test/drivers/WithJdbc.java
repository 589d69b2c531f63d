// The laws, by JDBC: untyped, and with Java's types, in text and in binary.
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;

class WithJdbc {
    static final int TIMES = 7; // more often than a plan is made for the values alone
    static final Set<String> KINDS = Set.of("int", "long", "double", "text", "time", "uuid", "doubles", "null", "from");
    static boolean failed = false;

    record Line(String key, String value) {}
    record Law(String stem, List<Line> lines) {
        String said(String key) {
            return lines.stream().filter(line -> line.key.equals(key)).map(Line::value).findFirst().orElse(null);
        }
    }

    static Connection connect(String... options) throws SQLException {
        Properties properties = new Properties();
        properties.put("user", System.getenv("PGUSER"));
        properties.put("password", System.getenv().getOrDefault("PGPASSWORD", ""));
        for (int i = 0; i < options.length; i += 2) properties.put(options[i], options[i + 1]);
        return DriverManager.getConnection("jdbc:postgresql://" + System.getenv("PGHOST") + ":" + System.getenv("PGPORT")
            + "/" + System.getenv("PGDATABASE"), properties);
    }

    static void read(Path file, List<String> setup, List<Law> laws) throws Exception {
        for (String line : Files.readAllLines(file)) {
            int at = line.indexOf(':');
            if (at <= 0 || line.startsWith("#")) continue;
            String key = line.substring(0, at), value = line.substring(at + 1).strip();
            if (key.equals("setup")) setup.add(value);
            if (key.equals("law")) laws.add(new Law("", new ArrayList<>()));
            if (!laws.isEmpty()) laws.get(laws.size() - 1).lines.add(new Line(key, value));
        }
    }

    static List<Law> forEachStem(Connection connection, List<Law> laws) throws SQLException {
        List<String> stems = new ArrayList<>();
        try (ResultSet row = connection.createStatement().executeQuery("""
            SELECT left(typname, -6) FROM pg_type t JOIN pg_depend d ON d.classid = 'pg_type'::regclass AND d.objid = t.oid
            WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND typname LIKE '%sketch'
                  AND typelem = 0 ORDER BY 1""")) {
            while (row.next()) stems.add(row.getString(1));
        }
        List<Law> all = new ArrayList<>();
        for (Law law : laws)
            for (String stem : law.said("sql").contains("{stem}") ? stems : List.of(""))
                all.add(new Law(stem, law.lines.stream()
                    .map(line -> new Line(line.key, line.value.replace("{stem}", stem))).toList()));
        return all;
    }

    static void bind(Connection c, PreparedStatement s, int i, boolean typed, Line line) throws SQLException {
        String text = line.value;
        if (line.key.equals("from")) {
            try (ResultSet row = c.createStatement().executeQuery(text)) {
                row.next();
                if (row.getMetaData().getColumnTypeName(1).equals("bytea")) s.setBytes(i, row.getBytes(1));
                else s.setString(i, row.getString(1));
            }
        } else if (line.key.equals("null")) {
            s.setNull(i, Types.NULL);
        } else if (!typed) {
            s.setString(i, line.key.equals("doubles") ? "{" + text.replace(' ', ',') + "}" : text);
        } else {
            switch (line.key) {
                case "int" -> s.setInt(i, Integer.parseInt(text));
                case "long" -> s.setLong(i, Long.parseLong(text));
                case "double" -> s.setDouble(i, Double.parseDouble(text));
                case "uuid" -> s.setObject(i, UUID.fromString(text));
                case "time" -> s.setObject(i, OffsetDateTime.parse(text));
                case "doubles" -> s.setArray(i, c.createArrayOf("float8",
                    Arrays.stream(text.split(" ")).map(Double::valueOf).toArray()));
                default -> s.setString(i, text);
            }
        }
    }

    static String answer(Connection connection, boolean typed, Law law) {
        Set<String> answers = new TreeSet<>();
        try (PreparedStatement statement = connection.prepareStatement(law.said("sql").replaceAll("\\$\\d", "?"))) {
            for (int n = 0; n < TIMES; ++n) {
                int i = 0;
                for (Line line : law.lines) if (KINDS.contains(line.key)) bind(connection, statement, ++i, typed, line);
                try (ResultSet row = statement.executeQuery()) {
                    row.next();
                    answers.add(row.getString(1));
                }
            }
        } catch (SQLException error) {
            return "error " + error.getSQLState() + " " + error.getMessage();
        }
        return String.join(" and ", answers);
    }

    static boolean isAsWanted(String got, String want) {
        String[] words = want.split(" ", 3);
        if (!words[0].equals("error")) return got.equals(want);
        return got.startsWith(words[0] + " " + words[1]) && got.contains(words[2]);
    }

    static void verify(String binding, Connection connection, List<Law> laws) {
        boolean typed = !binding.equals("untyped");
        for (Law law : laws) {
            String want = law.said("result") != null ? law.said("result") : law.said(typed ? "typed" : "untyped");
            String got = answer(connection, typed, law), name = "JDBC, " + binding + ": " + law.said("law") + " " + law.stem;
            if (isAsWanted(got, want)) {
                System.out.println("ok      " + name);
            } else {
                System.out.println("FAILED  " + name + "\n        " + got + "\n        and not " + want);
                failed = true;
            }
        }
    }

    public static void main(String[] arguments) throws Exception {
        List<String> setup = new ArrayList<>();
        List<Law> laws = new ArrayList<>();
        read(Path.of(arguments[0]), setup, laws);
        Map<String, Connection> connections = new LinkedHashMap<>();
        connections.put("untyped", connect("stringtype", "unspecified"));
        connections.put("text", connect("binaryTransfer", "false"));
        connections.put("binary", connect("binaryTransfer", "true", "prepareThreshold", "-1"));
        for (String statement : setup) connections.get("text").createStatement().execute(statement);
        List<Law> all = forEachStem(connections.get("text"), laws);
        for (var entry : connections.entrySet()) {
            entry.getValue().createStatement().execute("SET timezone = 'UTC'");
            verify(entry.getKey(), entry.getValue(), all);
        }
        System.exit(failed ? 1 : 0);
    }
}
