#!/usr/bin/env bash
# Does ngx.shared.DICT:add(key, 1, 3600) of nginx recognize each key that was added within the hour?
#
# Versions:  nginx 1.22.1 and its Lua module 0.10.23 of Debian 12 (nginx, libnginx-mod-http-lua), a dictionary of 100k; curl for the client.
# Guess:     Yes, or it fails with "no memory" when the dictionary is full, so that the request can be refused.
# Behaviour: No: a full dictionary drops the key that was not used for the longest time, and adds the new one. The result is true, as for any new key; only a third result (forcible) tells. After more other keys than it holds a
#            repeated callback is let through as a new one. safe_add fails with "no memory" instead.
# Why the guess is wrong: it is a cache. add is atomic, and so it is used as a guard against repetitions; the size decides how long it guards, and not the lifetime.
# Source:    github.com/openresty/lua-nginx-module at v0.10.23, README.markdown: ngx.shared.DICT ("All these methods are atomic operations"), ngx.shared.DICT.set (forcible; "LRU takes priority over expiration time here"),
#            add ("Just like the set method"), safe_add ("never overrides the (least recently used) unexpired items").
# Output seen: the text in `expected` at the end.
set -euo pipefail
nginx="$(command -v nginx || ls /usr/sbin/nginx 2>/dev/null)" || { echo "needs nginx" >&2; exit 2; }
[ "$("$nginx" -v 2>&1)" = 'nginx version: nginx/1.22.1' ] || { echo "needs nginx 1.22.1" >&2; exit 2; }
modules=/usr/lib/nginx/modules
for module in ndk_http_module ngx_http_lua_module; do [ -e "$modules/$module.so" ] || { echo "needs libnginx-mod-http-lua" >&2; exit 2; }; done
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir body proxy fastcgi uwsgi scgi
cat >nginx.conf <<CONF
load_module $modules/ndk_http_module.so;
load_module $modules/ngx_http_lua_module.so;
daemon off; master_process off; pid $work/pid; error_log $work/error.log;
events {}
http {
  access_log off;
  client_body_temp_path $work/body; proxy_temp_path $work/proxy; fastcgi_temp_path $work/fastcgi; uwsgi_temp_path $work/uwsgi; scgi_temp_path $work/scgi;
  lua_shared_dict add 100k;
  lua_shared_dict safe_add 100k;
  server {
    listen unix:$work/nginx.sock;
    location / {
      content_by_lua_block {
        local method = ngx.var.arg_method
        local function store(key)
          local dict = ngx.shared[method]
          return dict[method](dict, key, 1, 3600)
        end
        local first = store('callback-of-order-7')
        local again, reason = store('callback-of-order-7')
        ngx.say('first ' .. tostring(first) .. ', again ' .. tostring(again) .. ' ' .. tostring(reason))
        local refused
        for n = 1, 5000 do
          local ok, err, forcible = store('key-' .. n)
          if not ok or forcible then refused = tostring(ok) .. ' ' .. tostring(err) .. ' ' .. tostring(forcible); break end
        end
        ngx.say('when the dictionary is full: ' .. tostring(refused))
        if method == 'add' then for n = 5001, 10000 do store('key-' .. n) end end
        local later, why = store('callback-of-order-7')
        ngx.say('callback-of-order-7 after other keys: ' .. tostring(later) .. ' ' .. tostring(why))
      }
    }
  }
}
CONF
"$nginx" -c "$work/nginx.conf" 2>nginx.err &
until [ -S nginx.sock ]; do sleep 0.05; done
seen="$(
for method in add safe_add; do curl -s --unix-socket nginx.sock "http://localhost/?method=$method" | sed "s/^/$method: /"; done
)"
kill "$(cat pid)"
wait
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
add: first true, again false exists
add: when the dictionary is full: true nil true
add: callback-of-order-7 after other keys: true nil
safe_add: first true, again false exists
safe_add: when the dictionary is full: false no memory false
safe_add: callback-of-order-7 after other keys: false exists
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: ngx.shared.DICT:add of nginx drops keys whose lifetime has not ended, and takes a repeated key for a new one"
