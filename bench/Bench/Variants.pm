package Bench::Variants;

# The gateways that are compared: the configuration of each, and that of the
# upstream.  All read bodies into memory and keep their connections.

use strict;
use warnings;

use Cwd ();
use Exporter 'import';
use File::Basename ();

use Gateway::Process;

use Bench::Facts qw(facts);

our @EXPORT_OK = qw(variants config upstream_config);

my $here = Cwd::abs_path(File::Basename::dirname(__FILE__) . '/..');
my $module = Gateway::Process::module();
my $floor = $ENV{BENCH_FLOOR}
            // "$here/../build/floor/ngx_http_floor_module.so";
my $debian = '/usr/lib/nginx/modules';

my $proxy = <<'EOT';
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_pass http://up;
EOT

sub ours {
    my ($key, $name, $location, $zone) = @_;

    return {
        key => $key, name => $name, modules => [$module],
        http => $zone ? 'snapshot_zone counters 1m;' : '',
        location => $location,
    };
}

sub variants {
    my $enforce = 'snapshot_gateway enforce;';
    my $monitor = 'snapshot_gateway monitor;';
    my $facts = facts();

    return (
        { key => 'plain', name => 'plain `proxy_pass`' },
        { key => 'plain_again', name => 'plain, once more' },
        { key => 'floor', name => 'floor', modules => [$floor],
          location => 'floor on;' },
        ours('off', 'off', 'snapshot_gateway off;'),
        ours('off_zone', 'off, zone', 'snapshot_gateway off;', 1),
        ours('monitor', 'monitor', $monitor),
        ours('monitor_zone', 'monitor, zone', $monitor, 1),
        ours('enforce', 'enforce', $enforce),
        ours('enforce_zone', 'enforce, zone', $enforce, 1),
        { key => 'lua', name => 'lua-nginx, cjson', other => 1,
          modules => ["$debian/ndk_http_module.so",
                      "$debian/ngx_http_lua_module.so"],
          http => "lua_package_path '$here/lua/?.lua;$facts/?.lua;;';\n"
                . "    init_by_lua_block { snapshots = require 'snapshots' }",
          location => 'access_by_lua_block { snapshots.check() }' },
        { key => 'njs', name => 'njs', other => 1,
          modules => ["$debian/ngx_http_js_module.so"],
          http => "js_path '$here/njs'; js_path '$facts'; js_import snapshots.js;",
          server => "include $here/njs/answers.conf;\n"
                  . "        location \@upstream {\n$proxy        }",
          content => 'client_body_in_single_buffer on;'
                   . ' js_content snapshots.check;' },
        { key => 'modsecurity', name => 'ModSecurity', other => 1,
          modules => ["$debian/ngx_http_modsecurity_module.so"],
          http => "modsecurity_rules_file $facts/snapshots.conf;",
          server => "include $here/modsecurity/answers.conf;",
          location => 'modsecurity on;' },
    );
}

# the status of a workload: what does not enforce passes everything on

sub expected {
    my ($v, $w) = @_;

    return $v->{key} =~ /^(?:plain|floor|off|monitor)/ ? 202 : $w->{status};
}

# config(VARIANT, port => PORT, upstream => PORT, main => TEXT)

sub config {
    my ($v, %opt) = @_;

    my $load = join '', map { "load_module $_;\n" } @{ $v->{modules} // [] };
    my $content = $v->{content} // $proxy;

    return main($load, $opt{main} // '') . <<"EOT";
    @{[$v->{http} // '']}
    upstream up {
        server 127.0.0.1:$opt{upstream};
        keepalive 64;
        keepalive_requests 100000000;
    }
    server {
        listen 127.0.0.1:$opt{port};
        @{[$v->{server} // '']}
        location / {
            @{[$v->{location} // '']}
$content
        }
    }
}
EOT
}

# an answer of 202 and 200 bytes

sub upstream_config {
    my ($port) = @_;

    return main('', '') . <<"EOT";
    server {
        listen 127.0.0.1:$port;
        location / {
            default_type application/json;
            return 202 '{"snapshot": {"name": "@{['u' x 170]}"}}';
        }
    }
}
EOT
}

sub main {
    my ($load, $main) = @_;

    my $user = $> == 0 ? 'user root;' : '';

    return <<"EOT";
$load$user
$main
daemon off;
worker_processes 1;
pid nginx.pid;
error_log error.log crit;
events {}
http {
    access_log off;
    keepalive_requests 100000000;
    client_max_body_size 0;
    client_body_buffer_size 128k;
    client_body_temp_path body; proxy_temp_path proxy;
    fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
EOT
}

1;
