# tools/conform, the kit for any gateway, finds nothing wrong with this one, and
# finds out one that passes everything, refuses everything, or writes bodies
# anew.

use strict;
use warnings;

use File::Temp ();
use JSON::PP;
use Test::More;

use Conform;
use Gateway;
use Gateway::Ports qw(free_port);

my $port = free_port();
my $proxy = "proxy_http_version 1.1; proxy_request_buffering on;
             proxy_set_header Host \$http_host;";

# the recorder of tools/conform is started by itself

my $g = Gateway->new(upstream => $port,
    http => 'client_max_body_size 0;', server => <<"EOG", servers => <<"EOS");
        location / {
            snapshot_gateway enforce;
            $proxy
            proxy_pass http://127.0.0.1:$port;
        }

        location /volume/ {
            snapshot_gateway enforce;
            snapshot_prefix /volume;
            $proxy
            proxy_pass http://127.0.0.1:$port;
        }
EOG
    server {
        listen 127.0.0.1:%%PORT_passes%%;
        location / { $proxy proxy_pass http://127.0.0.1:$port; }
    }

    server {
        listen 127.0.0.1:%%PORT_refuses%%;
        location / { return 400; }
    }

    server {
        listen 127.0.0.1:%%PORT_writes%%;
        location / {
            $proxy
            proxy_set_body '{}';
            proxy_pass http://127.0.0.1:$port;
        }
    }
EOS

sub conform_of {
    my ($url) = @_;

    my $said = qx($^X tools/conform --json $url $port 2>&1);
    my $rc = $? >> 8;
    my $report = eval { decode_json($said) } // { said => $said };
    my %n;

    $n{ $_->{what} }++ for @{ $report->{found} // [] };

    return ($rc, $report, \%n);
}

my ($rc, $report, $n) = conform_of("http://127.0.0.1:$g->{port}");
my $requests = $report->{requests};
my ($refuse, $pass) = (0, 0);

for my $of (keys %$requests) {
    $refuse += $requests->{$of} if $of =~ /refuse$/;
    $pass += $requests->{$of} if $of =~ /pass$/;
}

is($rc, 0, 'this gateway: nothing is wrong') or diag(explain($report));
is_deeply($n, {}, 'nothing passes that must not, and the other way round');
cmp_ok($requests->{'cases refuse'}, '>=', 151, 'the cases are among them');
cmp_ok($requests->{"$_ refuse"}, '>', 5, "$_: some must be refused")
    for qw(paths transport);
cmp_ok($requests->{"$_ pass"}, '>', 5, "$_: some may pass")
    for qw(paths transport);

($rc, $report, $n) = conform_of("http://127.0.0.1:$g->{ports}{passes}");

is($rc, 1, 'a proxy without rules is found out');
cmp_ok($n->{passed} // 0, '>', $refuse - 20, 'it passes all that nginx takes');
is($n->{refused} // 0, 0, 'and refuses nothing');

($rc, $report, $n) = conform_of("http://127.0.0.1:$g->{ports}{refuses}");

is_deeply($n, { refused => $pass }, 'so is one that refuses all');

($rc, $report, $n) = conform_of("http://127.0.0.1:$g->{ports}{writes}");

cmp_ok($n->{changed} // 0, '>', 0, 'so is one that writes bodies anew');

($rc, $report, $n) = conform_of("http://127.0.0.1:$g->{port}/volume/");

is_deeply($n, {}, 'this gateway may be below a prefix')
    or diag(explain($report));

# as text

my $said = qx($^X tools/conform http://127.0.0.1:$g->{port} $port);

is($said, "passed, must be refused: 0\nrefused, may be passed: 0\n"
          . "changed: 0\n", 'the report as text');

is(system("$^X tools/conform nowhere 2>/dev/null") >> 8, 2,
   'wrong arguments are refused');

$g->finish;

done_testing;
