package Gateway;

# Starts an nginx with the module, and an upstream that records all it gets.
# Every test file gets three checks for free when it ends: nothing at [alert]
# or [emerg] in the error log, no process that a signal ended, and a graceful
# shutdown that no request keeps from ending.

use strict;
use warnings;

use Exporter 'import';
use Fcntl qw(:flock);
use File::Spec;
use File::Temp ();
use IO::Select;
use IO::Socket::INET;
use JSON::PP ();
use MIME::Base64 qw(encode_base64 decode_base64);
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

our @EXPORT = qw(PROJECT SNAPSHOT VOLUME CLUSTER create_body);

use constant {
    PROJECT  => '89cd04f168b84af6be287f71730fdb4b',
    SNAPSHOT => 'f9faf7df-fdc1-4093-9ef3-5cba06eef995',
    VOLUME   => '5aa119a8-d25b-45a7-8d1b-88e127885635',
    CLUSTER  => '44b277eb-39be-4921-be31-3d61b43651d7',
};

my $json = JSON::PP->new->utf8;
my $next_port;

# a good EVS create; members given replace or add to those of "snapshot"

sub create_body {
    my (%members) = @_;
    return $json->canonical->encode(
        { snapshot => { volume_id => VOLUME, %members } });
}

# Ports come in blocks of a hundred, and a process keeps the lock of its block,
# so that test files that run at the same time never take the same one.

my ($block, $block_lock);

sub free_port {
    for (my $i = $block // 0; !$block_lock && $i < 200; $i++) {
        open my $fh, '>', File::Spec->tmpdir . "/snapshot-ports-$i.lock"
            or next;
        flock $fh, LOCK_EX | LOCK_NB or next;
        ($block, $block_lock, $next_port) = ($i, $fh, 10000 + 100 * $i);
    }

    die "no free block of ports\n" if !$block_lock;

    for (1 .. 99) {
        $next_port = 10000 + 100 * $block if ++$next_port % 100 == 0;

        my $s = IO::Socket::INET->new(
            LocalAddr => '127.0.0.1', LocalPort => $next_port,
            Listen => 1, ReuseAddr => 1) or next;
        close $s;
        return $next_port;
    }

    die "no free port\n";
}

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

# new(main => ..., http => ..., server => ..., servers => ..., listen => ...):
# text for these places of the configuration, in which %%PORT%%, %%UPSTREAM%%,
# %%DIR%% and %%PORT_name%% stand for what they name; workers => NUMBER,
# connections => NUMBER and module => FILE replace those; upstream => PORT is
# one that is there, and no other is started; through => [COMMAND] runs nginx

sub new {
    my ($class, %conf) = @_;

    my $self = bless {
        dir   => File::Temp->newdir(TMPDIR => 1),
        port  => free_port(),
        ports => {},
        seen  => 0,
    }, $class;

    $self->{through} = $conf{through} // [];
    $self->start_upstream if !defined $conf{upstream};
    $self->{upstream_port} //= $conf{upstream};
    $self->configure(%conf);
    $self->start;

    return $self;
}

sub text {
    my ($self, %conf) = @_;

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
    needs($text);

    # one of the two forms is warned of, or an error

    $text =~ s/((?:\blisten [^;]* http2\b[^;]*;\s*)+)/http2_on($1)/ge
        if version() ge v1.25.1;

    $text =~ s/%%PORT%%/$self->{port}/g;
    $text =~ s/%%UPSTREAM%%/$self->{upstream_port}/g;
    $text =~ s/%%DIR%%/$self->{dir}/g;
    $text =~ s/%%MODULE%%/$module/g;
    $text =~ s/%%PORT_(\w+)%%/$self->{ports}{$1} \/\/= free_port()/ge;

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

sub configure {
    my ($self, %conf) = @_;

    $self->write('nginx.conf', $self->text(%conf));
}

sub write {
    my ($self, $name, $content) = @_;

    open my $fh, '>:raw', "$self->{dir}/$name" or die "$name: $!\n";
    print $fh $content;
    close $fh;
}

sub read {
    my ($self, $name) = @_;

    open my $fh, '<:raw', "$self->{dir}/$name" or return '';
    local $/;
    return <$fh> // '';
}

# the whole lines of a file, of which the last may still be being written

sub lines {
    my ($self, $name) = @_;

    return $self->read($name) =~ /^(.*)\n/mg;
}

sub module {
    return $ENV{TEST_MODULE}
           // POSIX::getcwd() . '/build/ngx_http_snapshot_module.so';
}

sub nginx { return $ENV{TEST_NGINX} // 'nginx' }

# what runs nginx in a folder; what it says before it has read a configuration
# goes nowhere but to its standard error

sub command {
    my ($dir, $conf, @options) = @_;

    return (nginx(), '-p', "$dir/", '-e', 'stderr', '-c', $conf, @options);
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

# ends a test file where nginx lacks a part that is needed from here on

sub needs {
    my ($text) = @_;

    my @parts = lacks($text) or return;
    my $why = "nginx was built without @parts";

    plan skip_all => $why if Test::More->builder->current_test == 0;

    SKIP: { skip "the rest, as $why", 1 }
    done_testing;
    exit;
}

# why tests that need npm's packages are skipped, where they are

sub without_npm {
    return -e 'build/node/.installed' ? ''
           : 'npm could not install what is needed, see build/npm.log';
}

# of nginx, to be compared with a v-string

sub version {
    my ($version) = qx(@{[nginx()]} -v 2>&1) =~ /nginx\/([\d.]+)/
        or die "nginx has no version\n";

    return pack 'U*', split /\./, $version;
}

# what "nginx -t" says of a configuration, and whether it takes it

sub test_conf {
    my ($self, %conf) = @_;

    $self->write('test.conf', $self->text(%conf));

    my $said = qx(@{[command($self->{dir}, 'test.conf', '-t')]} 2>&1);

    return ($? == 0, $said);
}

# nginx writes its pid once all of its ports listen

sub start {
    my ($self) = @_;

    my ($written) = $self->read('nginx.conf') =~ /^pid (\S+);/m;
    $written = "$self->{dir}/$written" if $written;
    unlink $written if $written;

    my $pid = fork() // die "fork: $!\n";

    if ($pid == 0) {
        open STDERR, '>>', "$self->{dir}/stderr.log";
        { exec @{ $self->{through} }, command($self->{dir}, 'nginx.conf') };
        POSIX::_exit(127);
    }

    $self->{pid} = $pid;

    for (1 .. 1000) {
        my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$self->{port}");
        return if $s && (!$written || -s $written);

        if (waitpid($pid, POSIX::WNOHANG()) > 0) {
            delete $self->{pid};
            die "nginx did not start: " . $self->read('stderr.log')
                . $self->read('error.log');
        }

        sleep 0.02;
    }

    die "nginx does not listen\n";
}

sub start_upstream {
    my ($self) = @_;

    $self->{upstream_port} = free_port();

    my $listen = IO::Socket::INET->new(
        LocalAddr => '127.0.0.1', LocalPort => $self->{upstream_port},
        Listen => 128, ReuseAddr => 1) or die "upstream: $!\n";

    my $pid = fork() // die "fork: $!\n";

    if ($pid == 0) {
        $SIG{PIPE} = 'IGNORE';
        $SIG{TERM} = sub { POSIX::_exit(0) };

        while (1) {
            my $c = $listen->accept or next;
            eval {
                local $SIG{ALRM} = sub { die "slow\n" };
                alarm 10;
                $self->serve($c);
            };
            alarm 0;
            close $c;
        }
    }

    close $listen;
    $self->{upstream_pid} = $pid;
}

# Records a request as it came, and answers it.  "X-Reply: STATUS" chooses the
# status, each "X-Reply-Header: NAME: VALUE" adds a header.

sub serve {
    my ($self, $c) = @_;

    my $buf = '';

    while (sysread $c, $buf, 65536, length $buf) {
        last if $buf =~ /\r\n\r\n/;
    }

    my ($head, $body) = $buf =~ /^(.*?\r\n)\r\n(.*)$/s or return;

    if ($head =~ /^Content-Length: (\d+)/mi) {
        while (length $body < $1) {
            sysread $c, $body, 65536, length $body or last;
        }

    } elsif ($head =~ /^Transfer-Encoding: chunked/mi) {
        while ($body !~ /(?:^|\r\n)0\r\n\r\n$/) {
            sysread $c, $body, 65536, length $body or last;
        }

        my $plain = '';
        $plain .= substr $body, 0, hex $1, '' and $body =~ s/^\r\n//
            while $body =~ s/^([0-9a-fA-F]+)\r\n// && hex $1;
        $body = $plain;
    }

    open my $fh, '>>:raw', "$self->{dir}/upstream.log" or die;
    $fh->autoflush(1);
    print $fh $json->encode([map { encode_base64($_, '') } $head, $body]), "\n";
    close $fh;

    my $status = $head =~ /^X-Reply: (\d+)/mi ? $1 : 200;
    my $more = join '', map { "$_\r\n" } $head =~ /^X-Reply-Header: (.*?)\r$/mig;
    my $reply = $head =~ /^HEAD / ? '' : '{"upstream": "reached"}';

    syswrite $c, "HTTP/1.1 $status Reply\r\nContent-Type: application/json\r\n"
        . "Content-Length: 23\r\n${more}Connection: close\r\n\r\n$reply";
}

# the requests that the upstream got since the last call

sub received {
    my ($self) = @_;

    my @lines = $self->lines('upstream.log');
    my @new = @lines[$self->{seen} .. $#lines];

    $self->{seen} = @lines;

    return map {
        my ($head, $body) = map { decode_base64($_) } @{ $json->decode($_) };
        my ($method, $target) = $head =~ /^(\S+) (.*) HTTP/;
        { head => $head, body => $body, method => $method, target => $target };
    } @new;
}

sub connect {
    my ($self, $port) = @_;

    $port //= $self->{port};

    return IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port")
        // die "connect: $!\n";
}

# Sends pieces, with a pause where a piece is a number, and returns the
# responses up to the connection's end, or until "count" final ones are there.

sub exchange {
    my ($self, $pieces, %opt) = @_;

    my $s = $self->connect($opt{port});
    my $timeout = $opt{timeout} // 5;
    my $buf = '';
    my $closed = 0;

    local $SIG{PIPE} = 'IGNORE';

    for my $piece (ref $pieces ? @$pieces : $pieces) {
        if ($piece =~ /^0\.\d+$/) {
            sleep $piece;
            next;
        }

        while (length $piece) {
            my $n = syswrite $s, $piece or last;
            substr $piece, 0, $n, '';
        }
    }

    my $until = time + $timeout;
    my $select = IO::Select->new($s);

    while (time < $until) {
        my @final = grep { $_->{status} >= 200 && $_->{whole} }
                    responses($buf, $opt{head});
        last if $opt{count} && @final >= $opt{count};
        $select->can_read(0.2) or next;

        my $n = sysread $s, $buf, 65536, length $buf;

        if (!$n) {
            $closed = 1;
            last;
        }
    }

    my @r = responses($buf, $opt{head});
    $_->{closed} = $closed for @r;

    return $opt{socket} ? ($s, @r) : @r;
}

sub responses {
    my ($buf, $head_only) = @_;

    my @all;

    while ($buf =~ s/^HTTP\/1\.[01] (\d+)(.*?)\r\n\r\n//s) {
        my ($status, $head) = ($1, "$2\r\n");
        $head =~ s/^.*?\r\n//s;

        my %r = (status => $status, head => $head, headers => {}, body => '',
                 whole => 1);

        push @{ $r{headers}{lc $1} }, $2
            while $head =~ /^([^:\r\n]+):[ \t]*(.*?)\r\n/mg;

        if ($status >= 200 && $status != 204 && !$head_only) {
            if (defined(my $n = $r{headers}{'content-length'}[0])) {
                $r{whole} = length $buf >= $n;
                $r{body} = substr $buf, 0, $n, '';

            } else {
                $r{body} = $buf;
                $buf = '';
            }
        }

        push @all, \%r;
    }

    return @all;
}

sub head {
    my ($method, $target, $headers) = @_;

    return "$method $target HTTP/1.1\r\nHost: localhost\r\n"
        . join('', map { "$_->[0]: $_->[1]\r\n" } @$headers) . "\r\n";
}

# One request on a connection of its own; headers is a list of pairs.  Returns
# its final response, with "fault" and "error" decoded where it is an error
# object, and "dws" where that has the two members of DWS, with the same code and
# message, beside it.

sub request {
    my ($self, $method, $target, $headers, $body, %opt) = @_;

    $self->{requests}++;

    my @h = @{ $headers // [] };

    push @h, ['Content-Length', length $body]
        if defined $body && !grep { lc $_->[0] =~ /^(?:content-length|transfer-encoding)$/i } @h;
    push @h, ['Connection', 'close'];

    my ($r) = grep { $_->{status} >= 200 } $self->exchange(
        head($method, $target, \@h) . ($body // ''),
        head => $method eq 'HEAD', %opt);

    return { status => 0, headers => {}, body => '' } unless $r;

    my $o = eval { $json->decode($r->{body}) };

    @$r{qw(fault error dws)} = fault($o);

    return $r;
}

# of an error object the fault, what it holds, and whether it is one of DWS

sub fault {
    my ($o) = @_;

    return if ref $o ne 'HASH';

    my ($fault, @more) = grep { !/^error_(?:code|msg)$/ } keys %$o;
    my $error = $o->{$fault // ''};

    return if @more || ref $error ne 'HASH' || !exists $error->{code};
    return ($fault, $error, '') if keys %$o == 1;
    return ($fault, $error, 1)
        if keys %$o == 3 && $o->{error_code} eq $error->{code}
           && $o->{error_msg} eq $error->{message};
    return;
}

sub post {
    my ($self, $body, %opt) = @_;

    my $target = delete $opt{target} // '/v3/' . PROJECT . '/snapshots';
    my $method = delete $opt{method} // 'POST';
    my $headers = delete $opt{headers} // [];

    return $self->request($method, $target,
        [['Content-Type', 'application/json'], @$headers], $body, %opt);
}

sub get {
    my ($self, $target, %opt) = @_;

    return $self->request('GET', $target, delete $opt{headers} // [], undef,
                          %opt);
}

# the access log's entries since the last call, at least so many of them

sub logged {
    my ($self, $n) = @_;

    my @new;

    for (1 .. 500) {
        my @lines = $self->lines('access.log');
        @new = @lines[($self->{logged} // 0) .. $#lines];
        last if @new >= $n;
        sleep 0.02;
    }

    $self->{logged} += @new;

    return map { $json->decode($_) } @new;
}

# Reads the access log up to here: what a worker has answered may not be in it
# yet, but it is before the line of a request that comes later.

sub settle {
    my ($self) = @_;

    my $mark = 'settled=' . ++$self->{settled};

    $self->get('/v3/' . PROJECT . "/snapshots?limit=0&$mark");

    for (1 .. 5) {
        last if grep { $_->{request} =~ /&$mark / } $self->logged(1);
    }
}

# the access log's entry of the last request(), where all requests were such

sub last_logged {
    my ($self) = @_;

    my @lines;

    for (1 .. 250) {
        @lines = $self->lines('access.log');
        last if @lines >= $self->{requests};
        sleep 0.02;
    }

    return @lines ? $json->decode($lines[-1]) : {};
}

# the series that "snapshot_status" shows at /metrics, by name and labels

sub metrics {
    my ($self) = @_;

    my ($r) = $self->exchange(head('GET', '/metrics',
                                   [['Connection', 'close']]));

    return { $r->{body} =~ /^([a-z_]+(?:\{.*\})?) (\S+)$/mg };
}

# what "snapshot_status json" shows at /status.json

sub status {
    my ($self) = @_;

    my ($r) = $self->exchange(head('GET', '/status.json',
                                   [['Connection', 'close']]));

    return $json->decode($r->{body});
}

sub signal {
    my ($self, $signal) = @_;

    kill $signal, $self->{pid};
}

# the workers that take requests; one that ends says so in its title

sub workers {
    my ($self) = @_;

    return map { /^ *(\d+) (?!.*shutting down)/ }
           qx(ps -o pid=,args= --ppid $self->{pid});
}

sub reload {
    my ($self, %conf) = @_;

    my %old = map { $_ => 1 } $self->workers;

    $self->configure(%conf);
    $self->signal('HUP');

    # for a moment the old ones take requests beside the new ones

    for (1 .. 500) {
        my @now = $self->workers;
        return if @now && !grep { $old{$_} } @now;
        sleep 0.02;
    }
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

# shuts down, in so many seconds, and makes the three checks; to be called
# once, at the end

sub finish {
    my ($self, %opt) = @_;

    my $pid = delete $self->{pid} or return;

    kill 'QUIT', $pid;

    my $ended = 0;
    my $until = time + ($opt{timeout} // 10);

    while (!$ended && time < $until) {
        $ended = waitpid($pid, POSIX::WNOHANG()) > 0 or sleep 0.025;
    }

    ok($ended, 'no request is left hanging at shutdown');

    if (!$ended) {
        system 'pkill', '-KILL', '-P', $pid;
        kill 'KILL', $pid;
        waitpid $pid, 0;
    }

    my $log = $self->read('error.log') . $self->read('stderr.log');

    my @bad = grep { /\[(?:alert|emerg)\]/ } split /\n/, $log;
    is("@bad", '', 'nothing in the error log is at alert or emerg');

    my @killed = grep { /exited on signal/ } split /\n/, $log;
    is("@killed", '', 'no worker exited on a signal');

    if ($self->{upstream_pid}) {
        kill 'TERM', $self->{upstream_pid};
        waitpid delete $self->{upstream_pid}, 0;
    }
}

sub DESTROY {
    my ($self) = @_;

    local ($?, $@);

    for my $key (qw(pid upstream_pid)) {
        kill $key eq 'pid' ? 'TERM' : 'KILL', $self->{$key} if $self->{$key};
        waitpid $self->{$key}, 0 if $self->{$key};
    }
}

1;
