#!/usr/bin/env bash
# What does getGeneratedKeys().getLong(1) return for a row that was inserted with RETURN_GENERATED_KEYS over the PostgreSQL JDBC driver?
#
# Versions:  PostgreSQL JDBC driver 42.5.5, OpenJDK 17 and PostgreSQL 15 of Debian 12 (libpostgresql-jdbc-java, openjdk-17-jdk-headless, postgresql).
# Guess:     The generated id: the method returns the generated keys, and the table generates one, by an identity column that is its primary key.
# Behaviour: The first column of the table, whichever it is: for charges (amount, id) the amount, 900. The result has all columns. It is the id in a table that begins with it,
#            so that the same code is right on most tables, and on a copy of the table with another order of columns it links a refund to charge 900. By name, getLong("id") is right.
#            With the name of the column at prepareStatement, the result has this column only.
# Why the guess is wrong: the driver does not look up which columns are generated. It appends RETURNING * to the statement.
# Source:    pgjdbc issue 99 ("getGeneratedKeys returns all columns for Statement.RETURN_GENERATED_KEYS"); jdbi issue 113 and aaberg/sql2o issue 249, which return another column as the key.
# Output seen: the text in `expected` at the end.
set -euo pipefail
case "$(javac -version 2>&1)" in 'javac 17.'*) ;; *) echo "needs OpenJDK 17 (openjdk-17-jdk-headless)" >&2; exit 2 ;; esac
driver=/usr/share/java/postgresql-42.5.5.jar
[ -e $driver ] || { echo "needs the PostgreSQL JDBC driver 42.5.5 of Debian (libpostgresql-jdbc-java)" >&2; exit 2; }
bin="$(find /usr/lib/postgresql/15/bin -maxdepth 0 2>/dev/null)" || { echo "needs PostgreSQL 15 of Debian" >&2; exit 2; }
work="$(mktemp -d)"
as=()
# A server refuses to run as root.
if [ "$(id -u)" -eq 0 ]; then
  as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
  chown postgres "$work"
fi
trap '"${as[@]}" "$bin/pg_ctl" -D "$work/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
cd "$work"
"${as[@]}" "$bin/initdb" -D "$work/data" -U probe -A trust >/dev/null
port="$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
"${as[@]}" "$bin/pg_ctl" -D "$work/data" -o "-c listen_addresses=127.0.0.1 -p $port -c unix_socket_directories=$work" -l "$work/log" -w start >/dev/null
cat >Probe.java <<'JAVA'
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

class Probe {
  public static void main(String[] args) throws Exception {
    try (Connection connection = DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + args[0] + "/postgres?user=probe"); Statement statement = connection.createStatement()) {
      for (String columns : new String[] {"id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, amount bigint", "amount bigint, id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY"}) {
        statement.execute("DROP TABLE IF EXISTS charges");
        statement.execute("CREATE TABLE charges (" + columns + ")");
        String order = columns.startsWith("id") ? "charges (id, amount)" : "charges (amount, id)";
        String insert = "INSERT INTO charges (amount) VALUES (900)";
        print(order + ", RETURN_GENERATED_KEYS", connection.prepareStatement(insert, Statement.RETURN_GENERATED_KEYS));
        print(order + ", the column id", connection.prepareStatement(insert, new String[] {"id"}));
      }
    }
  }

  static void print(String name, PreparedStatement insert) throws SQLException {
    insert.executeUpdate();
    try (ResultSet keys = insert.getGeneratedKeys()) {
      keys.next();
      System.out.println(name + ": columns " + keys.getMetaData().getColumnCount() + ", getLong(1) " + keys.getLong(1) + ", getLong(\"id\") " + keys.getLong("id"));
    }
  }
}
JAVA
javac -d . Probe.java
seen="$(java -Xshare:auto -XX:TieredStopAtLevel=1 -cp "$driver:." Probe "$port")"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
charges (id, amount), RETURN_GENERATED_KEYS: columns 2, getLong(1) 1, getLong("id") 1
charges (id, amount), the column id: columns 1, getLong(1) 2, getLong("id") 2
charges (amount, id), RETURN_GENERATED_KEYS: columns 2, getLong(1) 900, getLong("id") 1
charges (amount, id), the column id: columns 1, getLong(1) 2, getLong("id") 2
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: getGeneratedKeys of the PostgreSQL JDBC driver returns the whole row, and its first column is the amount if the table begins with it"
