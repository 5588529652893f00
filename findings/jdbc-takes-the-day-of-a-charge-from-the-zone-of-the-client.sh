#!/usr/bin/env bash
# On which day does PostgreSQL book a charge of 23:30 UTC for a JDBC client, when the role and the database are set to
# the time zone UTC?
#
# Versions:  PostgreSQL JDBC driver 42.5.5, OpenJDK 17 and PostgreSQL 15 of Debian 12 (libpostgresql-jdbc-java,
#            openjdk-17-jdk-headless, postgresql).
# Guess:     On the day in UTC: created_at::date follows the time zone of the session, which ALTER ROLE … SET timezone
#            and ALTER DATABASE … SET timezone state for all clients.
# Behaviour: On the day in the time zone of the Java process: 30 November on a server in UTC, 1 December on one in
#            Vienna. Two instances of a service book one charge on two days, and psql shows the first. "-c timezone=UTC"
#            in the URL's options changes nothing either. SET TIME ZONE 'UTC' behind the connection,
#            -Duser.timezone=UTC, or AT TIME ZONE in the query helps.
# Why the guess is wrong: the driver names TimeZone.getDefault() in its first message. What the client states there goes
#            before the settings of the role, of the database and of the options.
# Source:    pgjdbc issue 2927 ("Driver should allow server timezone rather than forcing JVM timezone"), issue 2439 ("A
#            timezone option is ignored by driver"), issue 2311, and pull request 3531 (which results follow the
#            session's zone).
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
"$bin/psql" -X -q -h 127.0.0.1 -p "$port" -U probe postgres <<'SQL'
CREATE ROLE app LOGIN;
ALTER ROLE app SET timezone = 'UTC';
ALTER DATABASE postgres SET timezone = 'UTC';
CREATE TABLE charges (created_at timestamptz);
INSERT INTO charges VALUES ('2026-11-30 23:30:00Z');
GRANT SELECT ON charges TO app;
SQL
cat >Probe.java <<'JAVA'
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;

class Probe {
  public static void main(String[] args) throws Exception {
    try (Connection connection = DriverManager.getConnection(args[0]); Statement statement = connection.createStatement()) {
      for (int i = 1; i < args.length; i++) statement.execute(args[i]);
      ResultSet row = statement.executeQuery("SELECT current_setting('TimeZone'), created_at::date::text, (created_at AT TIME ZONE 'UTC')::date::text FROM charges");
      row.next();
      System.out.println("TimeZone " + row.getString(1) + ", created_at::date " + row.getString(2) + ", with AT TIME ZONE " + row.getString(3));
    }
  }
}
JAVA
javac -d . Probe.java
url="jdbc:postgresql://127.0.0.1:$port/postgres?user=app"
probe() { java -Xshare:auto -XX:TieredStopAtLevel=1 "$1" -cp "$driver:." Probe "${@:2}"; }
seen="$(
echo "psql: $(TZ=Europe/Vienna "$bin/psql" -X -A -t -h 127.0.0.1 -p "$port" -U app postgres -c "SELECT format('TimeZone %s, created_at::date %s', current_setting('TimeZone'), created_at::date) FROM charges")"
echo "Java in UTC: $(probe -Duser.timezone=UTC "$url")"
echo "Java in Vienna: $(probe -Duser.timezone=Europe/Vienna "$url")"
echo "Java in Vienna, options=-c timezone=UTC: $(probe -Duser.timezone=Europe/Vienna "$url&options=-c%20timezone=UTC")"
echo "Java in Vienna, SET TIME ZONE: $(probe -Duser.timezone=Europe/Vienna "$url" "SET TIME ZONE 'UTC'")"
)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
psql: TimeZone UTC, created_at::date 2026-11-30
Java in UTC: TimeZone UTC, created_at::date 2026-11-30, with AT TIME ZONE 2026-11-30
Java in Vienna: TimeZone Europe/Vienna, created_at::date 2026-12-01, with AT TIME ZONE 2026-11-30
Java in Vienna, options=-c timezone=UTC: TimeZone Europe/Vienna, created_at::date 2026-12-01, with AT TIME ZONE 2026-11-30
Java in Vienna, SET TIME ZONE: TimeZone UTC, created_at::date 2026-11-30, with AT TIME ZONE 2026-11-30
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: the PostgreSQL JDBC driver sets the time zone of the session to that of the Java process, whatever the role, the database and the options state"
