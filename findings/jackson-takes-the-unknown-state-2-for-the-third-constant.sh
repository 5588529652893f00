#!/usr/bin/env bash
# Which state does Jackson read into an enum from a callback whose state is a number or a text of digits, such as "2"?
#
# Versions:  Jackson 2.14.0 (jackson-databind), OpenJDK 17 of Debian 12 (libjackson2-databind-java, openjdk-17-jdk-headless).
# Guess:     An InvalidFormatException: the enum has QUEUED, CHARGED and REFUNDED, and neither 2 nor "2" is one of them, as "SETTLED" is none.
# Behaviour: REFUNDED: 2, "2" and " 2" are taken as the position of the constant in the source, from zero. A provider's code 1 for "failed" becomes CHARGED. When somebody inserts a constant, the same
#            callback gets another meaning. "9" and "SETTLED" are refused, so that a test with an unknown state passes. A key of a map, {"2": 5}, is refused. FAIL_ON_NUMBERS_FOR_ENUMS refuses the number and the text.
# Why the guess is wrong: reading a number as ordinal() is on by default, and a text that no constant has is tried as a number next.
# Source:    FasterXML/jackson-databind issue 684 and pull requests 1690 ("Prevent use of quoted number (index) for Enum deserialization") and 5088 (FAIL_ON_NUMBERS_FOR_ENUMS: numbers map to ordinal(), disabled by default).
# Output seen: the text in `expected` at the end.
set -euo pipefail
case "$(javac -version 2>&1)" in 'javac 17.'*) ;; *) echo "needs OpenJDK 17 (openjdk-17-jdk-headless)" >&2; exit 2 ;; esac
jars=/usr/share/java
[ -e $jars/jackson-databind-2.14.0.jar ] || { echo "needs Jackson 2.14.0 of Debian (libjackson2-databind-java)" >&2; exit 2; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >Probe.java <<'JAVA'
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.EnumMap;

public class Probe {
  public enum State { QUEUED, CHARGED, REFUNDED }

  public static class Callback {
    public State state;
    public EnumMap<State, Integer> counts;
  }

  public static void main(String[] args) {
    String[] bodies = {
      "{\"state\":\"SETTLED\"}", "{\"state\":\"9\"}", "{\"state\":1}", "{\"state\":\"1\"}", "{\"state\":2}", "{\"state\":\"2\"}", "{\"state\":\" 2\"}", "{\"state\":2.0}", "{\"counts\":{\"2\":5}}",
    };
    ObjectMapper strict = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_NUMBERS_FOR_ENUMS);
    for (String body : bodies) System.out.println(body + ": " + read(new ObjectMapper(), body) + "; with FAIL_ON_NUMBERS_FOR_ENUMS " + read(strict, body));
  }

  static String read(ObjectMapper mapper, String body) {
    try {
      Callback callback = mapper.readValue(body, Callback.class);
      return callback.counts == null ? callback.state.name() : callback.counts.toString();
    } catch (JsonProcessingException e) {
      return e.getClass().getSimpleName();
    }
  }
}
JAVA
classpath="$jars/jackson-databind-2.14.0.jar:$jars/jackson-core.jar:$jars/jackson-annotations.jar:."
javac -cp "$classpath" -d . Probe.java
seen="$(java -Xshare:auto -XX:TieredStopAtLevel=1 -cp "$classpath" Probe)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
{"state":"SETTLED"}: InvalidFormatException; with FAIL_ON_NUMBERS_FOR_ENUMS InvalidFormatException
{"state":"9"}: InvalidFormatException; with FAIL_ON_NUMBERS_FOR_ENUMS InvalidFormatException
{"state":1}: CHARGED; with FAIL_ON_NUMBERS_FOR_ENUMS InvalidFormatException
{"state":"1"}: CHARGED; with FAIL_ON_NUMBERS_FOR_ENUMS InvalidFormatException
{"state":2}: REFUNDED; with FAIL_ON_NUMBERS_FOR_ENUMS InvalidFormatException
{"state":"2"}: REFUNDED; with FAIL_ON_NUMBERS_FOR_ENUMS InvalidFormatException
{"state":" 2"}: REFUNDED; with FAIL_ON_NUMBERS_FOR_ENUMS InvalidFormatException
{"state":2.0}: MismatchedInputException; with FAIL_ON_NUMBERS_FOR_ENUMS MismatchedInputException
{"counts":{"2":5}}: InvalidFormatException; with FAIL_ON_NUMBERS_FOR_ENUMS InvalidFormatException
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: Jackson reads the state 2 and the state "2" as the third constant of the enum"
