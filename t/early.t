# With "client_body_early_read" nginx reads a body before there is a location:
# what was read then is judged as any other body, and a limit of the server
# refuses what is too large before it is read.

use strict;
use warnings;

use POSIX ();
use Test::More;

use Gateway;

plan skip_all => 'client_body_early_read is of nginx 1.31.4'
    if Gateway::version() lt v1.31.4;

my $here = POSIX::getcwd();

my $g = Gateway->new(server => <<"EOG", servers => <<"EOH");
        client_body_early_read 1;
        client_max_body_size 0;
        snapshot_gateway enforce;
        include $here/conf/snapshot_errors.conf;

        location / {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /file/ {
            snapshot_prefix /file;
            client_body_in_file_only clean;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /small/ {
            snapshot_prefix /small;
            snapshot_rule body-size reject max=300;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
EOG
    server {
        listen 127.0.0.1:%%PORT_limited%%;
        client_body_early_read 1;
        client_max_body_size 112k;
        snapshot_gateway enforce;
        include $here/conf/snapshot_errors.conf;

        location / {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
    }

    server {
        listen 127.0.0.1:%%PORT_disk%%;
        client_body_early_read 1;
        client_body_buffer_size 16;
        snapshot_gateway enforce;

        location / {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
    }

    server {
        listen 127.0.0.1:%%PORT_h2%% http2;
        client_body_early_read 1;
        client_max_body_size 0;
        snapshot_gateway enforce;
        include $here/conf/snapshot_errors.conf;

        location / {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
    }
EOH

my $path = '/v3/' . PROJECT . '/snapshots';
my $good = create_body(name => 'snap');
my $bad = create_body(name => 'n' x 256);
my $large = create_body(name => 'snap') . ' ' x 114688;
my @json = ['Content-Type', 'application/json'];

sub arrived {
    my ($expected, $title) = @_;

    is(join('|', map { $_->{body} } $g->received), $expected, $title);
}

# a body with its length or in chunks, of which some come later

sub send_body {
    my ($target, $body, %opt) = @_;

    my @head = (@json, ['Connection', 'close'], @{ $opt{headers} // [] });
    my ($first, $rest) = (substr($body, 0, 30), substr $body, 30);

    my @pieces = $opt{chunked}
        ? (Gateway::head('POST', $target,
                         [@head, ['Transfer-Encoding', 'chunked']]), '0.05',
           sprintf("%x\r\n%s\r\n", length $first, $first), '0.05',
           sprintf("%x\r\n%s\r\n0\r\n\r\n", length $rest, $rest))
        : (Gateway::head('POST', $target,
                         [@head, ['Content-Length', length $body]]) . $first,
           '0.05', $rest);

    my $port = $opt{port} ? $g->{ports}{$opt{port}} : undef;
    my @all = $g->exchange(\@pieces, port => $port);

    return ($all[-1] // { status => 0, body => '' },
            join ' ', map { $_->{status} } @all);
}

for my $chunked (0, 1) {
    for my $where (['', undef], ['/file', undef], ['', 'disk']) {
        my ($prefix, $port) = @$where;
        my $title = ($chunked ? 'chunks' : 'a length')
                  . ($prefix ? ', in a file' : $port ? ', on disk' : '');
        my @how = (chunked => $chunked, port => $port);

        my ($r) = send_body("$prefix$path", $good, @how);
        is($r->{status}, 200, "$title: a good body is accepted");
        arrived($good, "$title: and arrives as it was");

        ($r) = send_body("$prefix$path", $bad, @how);
        is($r->{status}, 400, "$title: a bad one is refused");
        like($r->{body}, qr/"EVS.5400"/, "$title: with its code");
        arrived('', "$title: and does not arrive");
    }

    my $title = $chunked ? 'chunks' : 'a length';

    my ($r) = send_body("/small$path", $good . ' ' x 300, chunked => $chunked);
    is($r->{status}, 413, "$title: a body over body-size is refused");
    like($r->{body}, qr/^\{"overLimit": .*"code": "413"/, "$title: by the gateway");

    for my $port (undef, 'limited') {
        ($r) = send_body($path, $large, chunked => $chunked, port => $port);
        is($r->{status}, 413, "$title: so is one over both limits");
        like($r->{body}, qr/^\{"overLimit": .*"code": "413"/, 'in the format');
    }

    arrived('', "$title: nothing of this arrives");
}

# what the documents say of it: who expects 100 is told to go on, unless a limit
# of the server refuses the length

my @expect = (headers => [['Expect', '100-continue']]);

my ($r, $all) = send_body($path, $large, @expect);
is($all, '100 413', 'a body that is refused for its size is read first');

($r, $all) = send_body($path, $large, @expect, port => 'limited');
is($all, '413', 'unless client_max_body_size of the server refuses it');

# HTTP/2, with a length and without

for my $length ('', "-H 'Transfer-Encoding: chunked'") {
    for my $body ($good, $bad) {
        $g->write('sent', $body);

        my $status = qx(curl -s -m 10 -o /dev/null -w '%{http_code}' \\
            --http2-prior-knowledge $length \\
            -H 'Content-Type: application/json' \\
            --data-binary \@$g->{dir}/sent \\
            http://127.0.0.1:$g->{ports}{h2}$path);

        is($status, $body eq $good ? 200 : 400,
           'HTTP/2 is judged as well' . ($length ? ', without a length' : ''));
    }

    arrived($good, 'and only the good body arrives');
}

$g->finish;

done_testing;
