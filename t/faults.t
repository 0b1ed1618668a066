# What cannot be judged is refused with a 500 in the documented format, and
# never passed on; the next request is served as if nothing had been.

use strict;
use warnings;

use Test::More;

use Gateway;

my $locations = <<'EOF';
        client_body_buffer_size 1k;

        location / {
            snapshot_gateway enforce;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /m {
            snapshot_gateway monitor;
            snapshot_prefix /m;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /file {
            snapshot_gateway enforce;
            snapshot_prefix /file;
            client_body_in_file_only on;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /slow {
            snapshot_gateway enforce;
            snapshot_prefix /slow;
            client_body_timeout 300ms;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
EOF

my $g = Gateway->new(server => $locations, servers =>
    "server { listen 127.0.0.1:%%PORT_h2%% http2; $locations }");

my $path = '/v3/' . PROJECT . '/snapshots';
my $good = create_body(description => 'd' x 200);
my $large = $good . ' ' x 50000;
my $json = ['Content-Type', 'application/json'];

sub failed {
    my ($r, $title) = @_;

    is($r->{status}, 500, "$title: 500");
    is($r->{body}, '{"error": {"message": "the gateway could not judge the '
       . 'request", "code": "EVS.5500"}}', "$title: in the format");
    is(scalar(my @none = $g->received), 0, "$title: nothing is passed on");
}

is($g->post($large)->{status}, 200, 'a body in a file is judged');
$g->received;

rename "$g->{dir}/body", "$g->{dir}/moved" or die "rename: $!\n";

for my $prefix ('', '/m') {
    failed($g->post($large, target => "$prefix$path"),
           "$prefix no directory for bodies");

    my @pieces = map { ('0.02', sprintf("%x\r\n%s\r\n", length, $_)) }
                     unpack '(a5000)*', $large;

    my ($r) = $g->exchange([Gateway::head('POST', "$prefix$path",
        [$json, ['Transfer-Encoding', 'chunked']]), @pieces], count => 1);
    failed($r, "$prefix no directory for a body in pieces");

    ($r) = $g->exchange([Gateway::head('POST', "$prefix$path",
        [$json, ['Content-Length', length $large]]), '0.05',
        substr($large, 0, 20000), '0.05', substr($large, 20000)], count => 1);
    failed($r, "$prefix no directory for a body in two pieces");
}

failed($g->post($good, target => "/file$path"), 'client_body_in_file_only');

$g->write('sent', $large);

for (1 .. 20) {
    my $status = qx(curl -s -m 10 -o $g->{dir}/out -w '%{http_code}' \\
        --http2-prior-knowledge -X POST -H 'Content-Type: application/json' \\
        -T - http://127.0.0.1:$g->{ports}{h2}$path <$g->{dir}/sent);
    last if $status eq '500';
}

like($g->read('out'), qr/^\{"error": .*"EVS.5500"\}\}$/, 'HTTP/2');
is(scalar(my @none = $g->received), 0, 'HTTP/2: nothing is passed on');

my $log = $g->last_logged;
is("$log->{verdict} $log->{code}", 'rejected EVS.5500', 'the log has it');

is($g->post($good)->{status}, 200, 'what needs no file is judged all the same');
$g->received;

rename "$g->{dir}/moved", "$g->{dir}/body" or die "rename: $!\n";

is($g->post($large)->{status}, 200, 'once there is room again, all is well');
$g->received;


# a client that stops sending

my ($r) = $g->exchange([Gateway::head('POST', "/slow$path",
    [$json, ['Content-Length', 500]]), '{"snap', '0.6'], timeout => 2);
is(scalar @none, 0, 'a body that never comes is passed on nowhere');

my @many = map { $g->connect } 1 .. 30;
syswrite $_, Gateway::head('POST', $path, [$json, ['Content-Length', 900]])
             . '{' for @many;
is($g->post($good)->{status}, 200, 'slow clients keep nobody else waiting');
close $_ for @many;

$g->finish;

done_testing;
