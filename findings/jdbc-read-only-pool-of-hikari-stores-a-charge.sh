#!/usr/bin/env bash
# Does a connection of HikariCP with readOnly=true, or of the PostgreSQL JDBC driver after setReadOnly(true), store a row?
#
# Versions:  HikariCP 2.7.9, PostgreSQL JDBC driver 42.5.5, OpenJDK 17 and PostgreSQL 15 of Debian 12 (libhikaricp-java, libpostgresql-jdbc-java, openjdk-17-jdk-headless, postgresql).
# Guess:     No: PostgreSQL refuses it with "cannot execute INSERT in a read-only transaction". isReadOnly() returns true.
# Behaviour: Yes, in auto-commit mode, which is the default of both: the INSERT is carried out and committed, and isReadOnly() still returns true. With auto-commit off it is
#            refused. A pool for reports refuses the statements of one framework and carries out those of the next. With readOnlyMode=always it is refused in both.
# Why the guess is wrong: the driver states READ ONLY at the BEGIN that it sends itself (readOnlyMode=transaction, the default), and in auto-commit mode it sends none. The
#            flag then lives in the driver alone. A role without rights to write, or default_transaction_read_only of the role, holds in each mode.
# Source:    PGProperty.READ_ONLY_MODE of the driver 42.5.5, its description (default "transaction": "will cause transactions to BEGIN READ ONLY if autocommit is 'false'"); pgjdbc pull request 1252 ("feat: read only transactions");
#            brettwooldridge/HikariCP issue 674 (advises auto-commit off for read-only connections).
# Output seen: the text in `expected` at the end.
set -euo pipefail
case "$(javac -version 2>&1)" in 'javac 17.'*) ;; *) echo "needs OpenJDK 17 (openjdk-17-jdk-headless)" >&2; exit 2 ;; esac
jars=/usr/share/java
{ [ -e $jars/postgresql-42.5.5.jar ] && [ -e $jars/HikariCP-2.7.9.jar ] && [ -e $jars/slf4j-nop.jar ]; } || { echo "needs the PostgreSQL JDBC driver 42.5.5 and HikariCP 2.7.9 of Debian (libpostgresql-jdbc-java, libhikaricp-java)" >&2; exit 2; }
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
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

class Probe {
  static String url;

  public static void main(String[] args) throws Exception {
    url = "jdbc:postgresql://127.0.0.1:" + args[0] + "/postgres?user=probe";
    try (Connection own = DriverManager.getConnection(url); Statement statement = own.createStatement()) {
      statement.execute("CREATE TABLE charges (amount integer)");
    }
    for (String mode : new String[] {"", "&readOnlyMode=always"}) {
      for (boolean autoCommit : new boolean[] {true, false}) {
        try (Connection plain = DriverManager.getConnection(url + mode)) {
          plain.setAutoCommit(autoCommit);
          plain.setReadOnly(true);
          print("driver" + mode, autoCommit, plain);
        }
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(url + mode);
        config.setMaximumPoolSize(1);
        config.setReadOnly(true);
        config.setAutoCommit(autoCommit);
        try (HikariDataSource pool = new HikariDataSource(config); Connection pooled = pool.getConnection()) {
          print("HikariCP" + mode, autoCommit, pooled);
        }
      }
    }
  }

  static void print(String name, boolean autoCommit, Connection connection) throws SQLException {
    String seen;
    try (Statement statement = connection.createStatement()) {
      seen = "INSERT: " + statement.executeUpdate("INSERT INTO charges VALUES (100)");
      if (!autoCommit) connection.commit();
    } catch (SQLException e) {
      seen = e.getMessage();
      if (!autoCommit) connection.rollback();
    }
    try (Connection other = DriverManager.getConnection(url); Statement statement = other.createStatement()) {
      ResultSet rows = statement.executeQuery("WITH gone AS (DELETE FROM charges RETURNING 1) SELECT count(*) FROM gone");
      rows.next();
      System.out.println(name + ", auto-commit " + (autoCommit ? "on" : "off") + ", isReadOnly() " + connection.isReadOnly() + ": " + seen + "; stored rows " + rows.getInt(1));
    }
  }
}
JAVA
classpath="$jars/postgresql-42.5.5.jar:$jars/HikariCP-2.7.9.jar:$jars/slf4j-api.jar:$jars/slf4j-nop.jar:."
javac -cp "$classpath" -d . Probe.java
seen="$(java -Xshare:auto -XX:TieredStopAtLevel=1 -cp "$classpath" Probe "$port")"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
driver, auto-commit on, isReadOnly() true: INSERT: 1; stored rows 1
HikariCP, auto-commit on, isReadOnly() true: INSERT: 1; stored rows 1
driver, auto-commit off, isReadOnly() true: ERROR: cannot execute INSERT in a read-only transaction; stored rows 0
HikariCP, auto-commit off, isReadOnly() true: ERROR: cannot execute INSERT in a read-only transaction; stored rows 0
driver&readOnlyMode=always, auto-commit on, isReadOnly() true: ERROR: cannot execute INSERT in a read-only transaction; stored rows 0
HikariCP&readOnlyMode=always, auto-commit on, isReadOnly() true: ERROR: cannot execute INSERT in a read-only transaction; stored rows 0
driver&readOnlyMode=always, auto-commit off, isReadOnly() true: ERROR: cannot execute INSERT in a read-only transaction; stored rows 0
HikariCP&readOnlyMode=always, auto-commit off, isReadOnly() true: ERROR: cannot execute INSERT in a read-only transaction; stored rows 0
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a read-only connection of HikariCP and of the PostgreSQL JDBC driver stores a row in auto-commit mode, which is the default"
