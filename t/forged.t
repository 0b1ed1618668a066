# The two headers are the gateway's own: an upstream's never reach a client, be
# it in the header, in a 103 before it or in trailers behind the body, over
# HTTP/1.1 and HTTP/2.  All else that an upstream sends there does.

use strict;
use warnings;

use IO::Socket::INET;
use POSIX ();
use Test::More;

use Gateway;

my $early = Gateway::version() ge v1.29.0;
my $trailers = Gateway::version() ge v1.27.2;

# an upstream that sends both headers wherever there is a place for some

my $forged = "x-snapshot-violation: forged\r\nX-Snapshot-Warning: forged\r\n"
           . "X-SNAPSHOT-VIOLATION: forged\r\n";

my $answer = "HTTP/1.1 103 Early Hints\r\nLink: </kept>\r\n$forged\r\n"
           . "HTTP/1.1 103 Early Hints\r\n$forged\r\n"
           . "HTTP/1.1 200 OK\r\nX-Kept: header\r\n$forged"
           . "Transfer-Encoding: chunked\r\n\r\n3\r\n{}\n\r\n"
           . "0\r\nX-Kept: trailer\r\n$forged\r\n";

my $port = Gateway::free_port();
my $listen = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 16,
    LocalPort => $port, ReuseAddr => 1) or die "upstream: $!\n";

my $pid = fork() // die "fork: $!\n";

if ($pid == 0) {
    $listen->timeout(1);

    while (getppid() != 1) {
        my $c = $listen->accept or next;
        my $buf = '';

        while ($buf !~ /\r\n\r\n/) {
            sysread $c, $buf, 65536, length $buf or last;
        }

        syswrite $c, $early ? $answer : $answer =~ s/^.*?(?=HTTP\/1.1 200)//sr;
        close $c;
    }

    POSIX::_exit(0);
}

close $listen;

my $common = ($early ? 'early_hints 1;' : '')
           . ($trailers ? 'proxy_pass_trailers on;' : '');

my $g = Gateway->new(upstream => $port, http => <<"EOF", server => <<'EOG', servers => <<'EOH');
    proxy_http_version 1.1;
    proxy_set_header TE trailers;
    proxy_set_header Connection TE;
    $common
EOF
        location / {
            snapshot_gateway enforce;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /monitor/ {
            snapshot_gateway monitor;
            snapshot_prefix /monitor;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /own/ {
            snapshot_gateway enforce;
            snapshot_prefix /own;
            add_trailer X-Snapshot-Violation operator;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        # trailers that nginx has passed on for longer

        location /grpc/ {
            snapshot_gateway enforce;
            snapshot_prefix /grpc;
            grpc_pass grpc://127.0.0.1:%%PORT_grpc%%;
        }
EOG
    server {
        listen 127.0.0.1:%%PORT_h2%% http2;
        snapshot_gateway enforce;

        location / {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /grpc/ {
            snapshot_prefix /grpc;
            grpc_pass grpc://127.0.0.1:%%PORT_grpc%%;
        }
    }

    server {
        listen 127.0.0.1:%%PORT_grpc%% http2;
        add_trailer X-Snapshot-Warning forged;
        add_trailer x-snapshot-violation forged;
        add_trailer X-Kept trailer;

        # without a length, behind which HTTP/1.1 would have no trailers

        ssi on;
        ssi_types *;

        location / {
            return 200 "{}\n";
        }
    }
EOH

# all lines of headers and trailers, in small letters, with the body between

sub lines {
    my ($target, @opt) = @_;

    my $to = $opt[0] eq '--http1.1' ? $g->{port} : $g->{ports}{h2};

    my $said = qx(curl -s -m 10 -i @opt 'http://127.0.0.1:$to$target' 2>&1);

    return lc $said =~ s/\r//gr;
}

my $path = '/v3/' . PROJECT . '/snapshots';

for my $http ('--http1.1', '--http2-prior-knowledge') {
    my $v = $http =~ /2/ ? 'HTTP/2' : 'HTTP/1.1';
    my $said = lines($path, $http);

    like($said, qr/^http\/\S+ 200.*^x-kept: header$/ms,
         "$v: an upstream's own header arrives");
    unlike($said, qr/forged/, "$v: a forged header arrives nowhere");
    like($said, qr/^\{\}/m, "$v: the body arrives");

    SKIP: {
        skip 'early_hints is of nginx 1.29.0', 2 if !$early;

        is(() = $said =~ /^http\/\S+ 103/mg, 1,
           "$v: a 103 that has nothing else is left out");
        like($said, qr/ 103.*\nlink: <\/kept>\n.* 200/s, "$v: another arrives");
    }

    SKIP: {
        skip 'proxy_pass_trailers is of nginx 1.27.2', 1 if !$trailers;

        like($said, qr/^x-kept: trailer$/m, "$v: another trailer arrives");
    }

    $said = lines("$path?limit=51", $http);
    unlike($said, qr/forged/, "$v: nor does it beside a warning");
    like($said, qr/^x-snapshot-warning: limit-advised;at="query:limit"$/m,
         "$v: which arrives");

    $said = lines("/grpc$path", $http);
    unlike($said, qr/forged/, "$v: nor from a server of gRPC");
    like($said, qr/^x-kept: trailer$/m, "$v: whose own trailer arrives");
}

my $said = lines("/monitor$path?limit=0", '--http1.1');
unlike($said, qr/forged/, 'nor in monitor mode');
is(() = $said =~ /^x-snapshot-violation: limit-range;at="query:limit"$/mg, 1,
   'where what would be rejected is said once');

# what an operator adds is the operator's

like(lines("/own$path", '--http1.1'), qr/^x-snapshot-violation: operator$/m,
     "a trailer of the operator's is kept");

kill 'TERM', $pid;
waitpid $pid, 0;

$g->finish;

done_testing;
