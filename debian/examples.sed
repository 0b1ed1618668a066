# Debian's nginx has a user, a pid file, logs and folders of its own, and the
# package has the module loaded, as in Debian's own nginx.conf.

s|^load_module .*|user www-data;\n\ninclude /etc/nginx/modules-enabled/*.conf;|
s|^pid nginx.pid;|pid /run/nginx.pid;|
s| logs/| /var/log/nginx/|
s| temp/tokens| /var/lib/nginx/tokens|
s|root html;|root /usr/share/libnginx-mod-http-snapshot/html;|
s|\bdrain/stop|/etc/nginx/drain/stop|g
s|mkdir -p drain;|mkdir -p /etc/nginx/drain;|
s|root drain;|root /etc/nginx/drain;|
s|# the files of conf/html|# the page of the package|
s/the path of the module\(,\| and\) //

/_temp_path temp\//{
    /scgi/N
    d
}
