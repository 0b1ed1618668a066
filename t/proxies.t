# What the gateway adds to a response never keeps it from arriving: a proxy in
# front that has its default buffers takes the worst that a client can cause,
# so a snapshot that was made is never reported as an error.

use strict;
use warnings;

use Test::More;

use Gateway;
use Haproxy;

my $g = Gateway->new(http => 'client_max_body_size 0;', server => <<'EOF');
        location / {
            snapshot_gateway enforce;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /m/ {
            snapshot_gateway monitor;
            snapshot_prefix /m;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%/;
        }

        location /w/ {
            snapshot_gateway enforce;
            snapshot_prefix /w;
            snapshot_rule field-unknown warn;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%/;
        }
EOF

my $nginx = Gateway->new(upstream => $g->{port}, server => <<'EOF');
        location / {
            client_max_body_size 0;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
EOF

my $haproxy = Haproxy->new([$g->{port}, $g->{port}], sub {
    my ($text) = @_;

    my ($port) = $text =~ /^frontend clients\n +bind \S+:(\d+)/m;
    my ($socket) = $text =~ /stats socket (\S+)/;

    return <<"EOF";
global
    stats socket $socket

defaults
    mode http
    timeout connect 5s
    timeout client 10s
    timeout server 10s

frontend clients
    bind 127.0.0.1:$port
    default_backend gateway

backend gateway
    server gateway 127.0.0.1:$g->{port}
EOF
});

my %front = (nginx => $nginx->{port}, haproxy => $haproxy->{port});

my $path = '/v3/' . PROJECT . '/snapshots';

sub sizes {
    my ($r) = @_;

    return map { length($r->{headers}{"x-snapshot-$_"}[0] // '') }
           qw(warning violation);
}

# entries and fields that are all wrong, with long names in which each byte is
# escaped once or more

for my $front (sort keys %front) {
    for my $byte ("\x{5feb}", 'k', '"', '~', "\n") {
        my %wrong = map { ($byte x 200 . $_ => 1) } 1 .. 40;
        my $create = create_body(metadata => \%wrong, %wrong);
        my $title = sprintf 'behind %s, 0x%x', $front, ord $byte;

        my %r = map {
            $_->[0] => $g->request('POST', $_->[1], [['X-Reply', 202],
                ['Content-Type', 'application/json']], $_->[2],
                port => $front{$front});
        } ['accepted', $path, create_body(metadata => \%wrong)],
          ['warned', "/w$path", $create], ['monitored', "/m$path", $create],
          ['rejected', $path, $create];

        for my $way (qw(accepted warned monitored)) {
            is("$r{$way}{status} $r{$way}{body}",
               '202 {"upstream": "reached"}', "$title: $way, it arrives");
        }

        is($r{rejected}{status}, 400, "$title: a refusal is a refusal");

        for my $way (sort keys %r) {
            my ($warning, $violation) = sizes($r{$way});

            cmp_ok($warning, '<=', 1024, "$way: X-Snapshot-Warning is bounded");
            cmp_ok($violation, '<=', 1024,
                   "$way: X-Snapshot-Violation is bounded");
            cmp_ok($warning + $violation, '>', 500, 'one of them is there');
        }
    }
}

$haproxy->stop;
$_->finish for $nginx, $g;

done_testing;
