# Over HTTP/3 requests are judged, refused and passed on as over HTTP/1.1, where
# nginx and curl have it.

use strict;
use warnings;

use File::Temp ();
use JSON::PP;
use POSIX ();
use Test::More;

use Gateway;

plan skip_all => 'nginx was built without HTTP/3'
    if qx(@{[Gateway::nginx()]} -V 2>&1) !~ /--with-http_v3_module/;
plan skip_all => 'curl was built without HTTP/3'
    if qx(curl --version) !~ /^Features:.* HTTP3\b/m;

my $here = POSIX::getcwd();
my $dir = File::Temp->newdir(TMPDIR => 1);

system("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
       . " -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
       . " -keyout $dir/key -out $dir/crt 2>$dir/openssl.log") == 0
    or die "openssl failed\n";

my $g = Gateway->new(http => <<"EOF", servers => <<"EOH");
    ssl_certificate $dir/crt;
    ssl_certificate_key $dir/key;
    snapshot_gateway enforce;
    proxy_http_version 1.1;
EOF
    server {
        listen 127.0.0.1:%%PORT_h3%% quic;
        client_max_body_size 0;
        include $here/conf/snapshot_errors.conf;

        location / {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /disk/ {
            snapshot_prefix /disk;
            client_body_buffer_size 16;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /stream/ {
            snapshot_prefix /stream;
            proxy_request_buffering off;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
    }

    server {
        listen 127.0.0.1:%%PORT_limited%% quic;
        client_max_body_size 100;
        include $here/conf/snapshot_errors.conf;

        location / {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
    }
EOH

my $json = JSON::PP->new->utf8;
my $path = '/v3/' . PROJECT . '/snapshots';
my $good = create_body(name => 'snap');
my $bad = create_body(name => 'n' x 256);

# status, code of an error, and the value of a header of the gateway

sub asked {
    my ($target, $body, @options) = @_;

    my $port = $g->{ports}{ $target =~ s/^limited:// ? 'limited' : 'h3' };

    if (defined $body) {
        $g->write('sent', $body);
        push @options, '--data-binary', "\@$g->{dir}/sent",
             '-H', 'Content-Type: application/json';
    }

    open my $out, '-|', 'curl', '-qsik', '--http3-only', '--max-time', 10,
         '--path-as-is', @options, "https://127.0.0.1:$port$target"
        or die "curl: $!\n";
    my $said = do { local $/; <$out> } // '';
    close $out;

    my ($r) = grep { $_->{status} >= 200 }
              Gateway::responses($said =~ s/^HTTP\/3 /HTTP\/1.1 /gmr);
    return 'no response' if !$r;

    my $o = eval { $json->decode($r->{body}) };
    my ($error) = ref $o eq 'HASH' ? grep { ref } values %$o : ();

    return join ' ', grep { defined } $r->{status}, $error && $error->{code},
                $r->{headers}{'x-snapshot-warning'}[0];
}

sub arrived {
    my ($expected, $title) = @_;

    is(join('|', map { $_->{body} } $g->received), $expected, $title);
}

my @length_unknown = ('-H', 'Transfer-Encoding: chunked');

for my $way ([], \@length_unknown) {
    my $title = @$way ? 'a body without a length' : 'a body with its length';

    for my $prefix ('', '/disk', '/stream') {
        is(asked("$prefix$path", $good, @$way), 200, "$title: a good one");
        arrived($good, "$title: arrives as it was");
        is(asked("$prefix$path", $bad, @$way), '400 EVS.5400',
           "$title: a bad one is refused");
        arrived('', "$title: and does not arrive");
    }

    is(asked("limited:$path", $good . ' ' x 200, @$way), '413 413',
       "$title: a 413 of nginx is in the format");
    is(asked($path, $good . ' ' x 114688, @$way), '413 413',
       "$title: so is one of the gateway");
    arrived('', "$title: and nothing arrives");
}

is(asked("$path/detail?limit=51"), '200 limit-advised;at="query:limit"',
   'a query that is warned of');
is(asked("$path/detail?limit=0"), '400 EVS.5400', 'one that is refused');
is(asked("/v3//p/snapshots"), '400 EVS.5400', 'a path that is refused');
is(asked($path, $good, '-H', 'Content-Encoding: gzip'), '415 415',
   'a body that is refused before it is read');
is(asked('/nowhere', $good), 200, 'what is out of scope passes');

arrived("|$good", 'and what was accepted arrives');

$g->finish;

done_testing;
