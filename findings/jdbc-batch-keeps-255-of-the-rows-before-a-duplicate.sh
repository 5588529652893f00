#!/usr/bin/env bash
# Which rows does executeBatch() of the PostgreSQL JDBC driver leave in auto-commit mode when the tenth last one is a duplicate?
#
# Versions:  PostgreSQL JDBC driver 42.5.5, OpenJDK 17 and PostgreSQL 15 of Debian 12 (libpostgresql-jdbc-java, openjdk-17-jdk-headless, postgresql).
# Guess:     All rows before the duplicate, since each statement is committed by itself in auto-commit mode; or none, if the driver sends the batch as one transaction.
# Behaviour: Neither: of 200 rows none, of 300 rows 255, of 600 rows 511, of 1000 rows 767. A test with a small batch shows "all or nothing", and the batch of the night
#            leaves a part. The update counts state it rightly. With reWriteBatchedInserts=true none of 1000, and with auto-commit off none,
#            although commit() behind the error returns.
# Why the guess is wrong: PostgreSQL takes all statements up to one Sync message for one transaction. The driver sends a Sync at the end of a batch, and one more each time
#            when the answers that it has not read may come to 64,000 bytes, which it estimates at 250 for a statement: behind 255 statements.
# Source:    pgjdbc, QueryExecutorImpl (MAX_BUFFERED_RECV_BYTES = 64000, NODATA_QUERY_RESPONSE_SIZE_BYTES = 250, flushIfDeadlockRisk), issue 194 (the deadlock for which it limits unread answers), issue 502 (update counts of such
#            a batch), and pull request 4350 (a forced Sync ends the atomicity of what is before it); PostgreSQL documentation, protocol, "Pipelining" (an implicit transaction ends at Sync).
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
import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.Arrays;

class Probe {
  public static void main(String[] args) throws Exception {
    String url = "jdbc:postgresql://127.0.0.1:" + args[0] + "/postgres?user=probe";
    try (Connection connection = DriverManager.getConnection(url); Statement statement = connection.createStatement()) {
      statement.execute("CREATE TABLE results (id integer PRIMARY KEY)");
    }
    for (int rows : new int[] {100, 200, 300, 600, 1000}) trial("auto-commit", url, rows, true);
    trial("auto-commit, reWriteBatchedInserts", url + "&reWriteBatchedInserts=true", 1000, true);
    trial("no auto-commit, commit() behind the error", url, 1000, false);
  }

  static void trial(String name, String url, int rows, boolean autoCommit) throws Exception {
    try (Connection connection = DriverManager.getConnection(url); Statement statement = connection.createStatement()) {
      statement.execute("TRUNCATE results");
      connection.setAutoCommit(autoCommit);
      PreparedStatement insert = connection.prepareStatement("INSERT INTO results VALUES (?)");
      for (int i = 0; i < rows; i++) {
        insert.setInt(1, i == rows - 10 ? 0 : i);
        insert.addBatch();
      }
      try {
        insert.executeBatch();
        throw new IllegalStateException("no error");
      } catch (BatchUpdateException e) {
        String end = "";
        if (!autoCommit) {
          try {
            connection.commit();
            end = ", commit() returns";
          } catch (java.sql.SQLException failed) {
            end = ", commit() fails";
          }
          connection.setAutoCommit(true);
        }
        ResultSet stored = statement.executeQuery("SELECT count(*) FROM results");
        stored.next();
        long counted = Arrays.stream(e.getUpdateCounts()).filter(count -> count != Statement.EXECUTE_FAILED).count();
        System.out.println(name + ", " + rows + " rows, duplicate at " + (rows - 10) + ": SQLSTATE " + e.getSQLState() + end + ", stored " + stored.getInt(1) + ", not EXECUTE_FAILED " + counted);
      }
    }
  }
}
JAVA
javac -d . Probe.java
seen="$(java -Xshare:auto -XX:TieredStopAtLevel=1 -cp "$driver:." Probe "$port")"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
auto-commit, 100 rows, duplicate at 90: SQLSTATE 23505, stored 0, not EXECUTE_FAILED 0
auto-commit, 200 rows, duplicate at 190: SQLSTATE 23505, stored 0, not EXECUTE_FAILED 0
auto-commit, 300 rows, duplicate at 290: SQLSTATE 23505, stored 255, not EXECUTE_FAILED 255
auto-commit, 600 rows, duplicate at 590: SQLSTATE 23505, stored 511, not EXECUTE_FAILED 511
auto-commit, 1000 rows, duplicate at 990: SQLSTATE 23505, stored 767, not EXECUTE_FAILED 767
auto-commit, reWriteBatchedInserts, 1000 rows, duplicate at 990: SQLSTATE 23505, stored 0, not EXECUTE_FAILED 0
no auto-commit, commit() behind the error, 1000 rows, duplicate at 990: SQLSTATE 23505, commit() returns, stored 0, not EXECUTE_FAILED 0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a batch of the PostgreSQL JDBC driver in auto-commit mode is atomic up to 255 statements, and leaves a multiple of about 256 rows of a longer one"
