package Gateway::Conf;

# The text of nginx's configuration: a test's own parts in a frame that they
# share, or a file of conf/; and what nginx must have been built with for it.

use strict;
use warnings;

use Exporter 'import';
use POSIX ();

use Gateway::Ports qw(free_port);
use Gateway::Process qw(module nginx version);

our @EXPORT_OK = qw(text shipped lacks);

my $log_format = <<'EOF';
    log_format variables escape=json '{"operation":"$snapshot_operation",'
        '"project_id":"$snapshot_project_id","id":"$snapshot_id",'
        '"verdict":"$snapshot_verdict","rule":"$snapshot_rule",'
        '"violations":"$snapshot_violations","code":"$snapshot_error_code",'
        '"name":"$snapshot_name","volume_id":"$snapshot_volume_id",'
        '"cluster_id":"$snapshot_cluster_id","status":"$status",'
        '"request":"$snapshot_utf8_request"}';
EOF

my $default_server = <<'EOF';
        location / {
            snapshot_gateway enforce;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
EOF

# text(PORTS, main => ..., http => ..., server => ..., servers => ...,
# listen => ...): text for these places of the configuration; all => TEXT is the
# whole of it.  %%PORT%%, %%UPSTREAM%% and %%DIR%% stand for what PORTS has under
# "port", "upstream_port" and "dir", %%PORT_name%% for one of its "ports" that is
# free; workers => NUMBER, connections => NUMBER and module => FILE replace those.

sub text {
    my ($at, %conf) = @_;

    my $user = $> == 0 ? 'user root;' : '';
    my $main = $conf{main} // '';
    my $http = $conf{http} // '';
    my $server = $conf{server} // $default_server;
    my $servers = $conf{servers} // '';
    my $listen = $conf{listen} // '';
    my $workers = $conf{workers} // 1;
    my $connections = $conf{connections} // 512;
    my $module = $conf{module} // module();

    # of its environment nginx hands on what it is told to: to a program that
    # replaces it, the sanitizers' settings

    my $env = join '', map { "env $_;\n" } grep { /^\w+SAN_OPTIONS$/ } keys %ENV;

    my $text = <<"EOF";
load_module $module;
$user
${env}daemon off;
worker_processes $workers;
pid nginx.pid;
error_log error.log info;
$main
events { worker_connections $connections; }

http {
$log_format
    access_log access.log variables;
    client_body_buffer_size 128k;
$http
    server {
        listen 127.0.0.1:%%PORT%% $listen;
        server_name localhost;
$server
    }
$servers
}
EOF

    $text = $conf{all} if defined $conf{all};
    $text =~ s/^http \{\K/own_paths($text)/me;

    # one of the two forms is warned of, or an error

    $text =~ s/((?:\blisten [^;]* http2\b[^;]*;\s*)+)/http2_on($1)/ge
        if version() ge v1.25.1;

    $text =~ s/%%PORT%%/$at->{port}/g;
    $text =~ s/%%UPSTREAM%%/$at->{upstream_port}/g;
    $text =~ s/%%DIR%%/$at->{dir}/g;
    $text =~ s/%%MODULE%%/$module/g;
    $text =~ s/%%PORT_(\w+)%%/$at->{ports}{$1} \/\/= free_port()/ge;

    return $text;
}

# The paths that nginx was built with are not ours: the logs and temporary
# folders of a distribution are open to root only, and those below nginx's own
# prefix are not there.  A second access_log does not replace the first one.

sub own_paths {
    my ($text) = @_;

    my @temp = grep { $text !~ /^\s*${_}_temp_path /m }
               qw(client_body proxy fastcgi uwsgi scgi);

    return join ' ', ' access_log /dev/null;',
                     map { "${_}_temp_path " . s/client_//r . ';' } @temp;
}

sub http2_on {
    my ($listen) = @_;

    return $listen =~ s/ http2\b//gr . ' http2 on; ';
}

# what in a configuration is of an optional part of nginx

my %optional = (
    http_addition_module     => qr/\badd_(?:before|after)_body /,
    http_auth_request_module => qr/\bauth_request /,
    http_realip_module       => qr/\bset_real_ip_from |\$realip_/,
    http_ssl_module          => qr/\blisten [^;]* ssl\b|\bssl_certificate /,
    http_v2_module           => qr/\blisten [^;]* http2\b|\bhttp2 on;/,
    threads                  => qr/\baio threads/,
);

# the parts that nginx was built without, of those that a configuration needs

sub lacks {
    my ($text) = @_;

    my @needed = grep { $text =~ $optional{$_} } sort keys %optional or return;
    my $built = qx(@{[nginx()]} -V 2>&1);

    return grep { $built !~ /--with-$_(?:\s|$)/ } @needed;
}

# The text of a configuration of conf/ for "all", with what it includes; its
# ports become this gateway's, its upstream the one that records.

sub shipped {
    my ($name, %ports) = @_;

    open my $fh, '<:raw', "conf/$name" or die "conf/$name: $!\n";
    local $/;
    my $text = <$fh>;

    %ports = (8080 => '%%PORT%%', 8081 => '%%UPSTREAM%%',
              8090 => '%%PORT_status%%', %ports);

    $text =~ s/load_module \S+;/load_module %%MODULE%%;\ndaemon off;/;
    $text =~ s/worker_processes auto/worker_processes 1/;
    $text =~ s/(?:logs|temp)\///g;
    $text =~ s/root html;/"root " . POSIX::getcwd() . '\/conf\/html;'/ge;
    $text =~ s/\binclude (\S+\.conf);/shipped($1, %ports)/ge;
    $text =~ s/127\.0\.0\.1:$_\b/127.0.0.1:$ports{$_}/g for keys %ports;

    return $text;
}

1;
