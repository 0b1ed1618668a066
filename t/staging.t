# conf/staging.conf monitors by default, enforces by tenant and by percentage,
# is stricter with new clients, and logs who sends what wrong; a tenant moves
# from monitor to enforce by a reload without a lost request.

use strict;
use warnings;

use JSON::PP;
use Test::More;
use Time::HiRes qw(sleep time);

use Gateway;

my $text = Gateway::shipped('staging.conf', 8082 => '%%PORT_new%%');
my $g = Gateway->new(all => $text);
my $json = JSON::PP->new->utf8;

my $enforced = '89cd04f168b84af6be287f71730fdb4b';
my $monitored = 'd6c277ba8820452e83df36f33c9fa561';
my $bad = create_body(name => 'n' x 256);

sub create {
    my ($project, $body, @options) = @_;

    return $g->post($body // $bad, target => "/v3/$project/snapshots",
                    @options);
}

my $r = create($monitored);
is($r->{status}, 200, 'a monitored tenant is not refused');
is($r->{headers}{'x-snapshot-violation'}[0], 'name-length;at="/snapshot/name"',
   'but told');

$r = create($enforced);
is("$r->{status} $r->{error}{code}", '400 EVS.5400',
   'an enforced tenant is refused');
is(create($enforced, create_body())->{status}, 200, 'for bad requests only');
is($g->post($bad, target => '/v3/snapshots')->{status}, 200,
   'what has no project is monitored');
$g->received;

# a twentieth of the others

my %outcome;

$outcome{create("tenant$_")->{status}}++ for 1 .. 400;

cmp_ok($outcome{400}, '>=', 8, 'a share of the tenants is enforced');
cmp_ok($outcome{400}, '<=', 40, 'of about a twentieth');
is($outcome{200}, 400 - $outcome{400}, 'the others are monitored');

my ($same) = grep { create("tenant$_")->{status} == 400 } 1 .. 400;
is(create("tenant$same")->{status}, 400, 'it is always the same ones');
$g->received;

# the log

$r = create($monitored, $json->encode({ snapshot => {
         volume_id => 'v"1', name => "\x{1b}[31m\"\\\n" . 'n' x 260 } }),
     headers => [['User-Agent', "evil\"\\agent\t\xc3\xa9"]]);

my $log = $g->last_logged;

like($log->{agent}, qr/^evil"\\agent/, 'the log is JSON whatever comes');
is(join(' ', map { $log->{$_} } qw(operation project mode verdict rule code
                                   status)),
   "evs_v3_create $monitored monitor monitored volume-id EVS.1002 200",
   'it says who sends what wrong');
is($log->{violations}, 'volume-id;at="/snapshot/volume_id", '
   . 'name-length;at="/snapshot/name"', 'all of it');
is($log->{volume}, 'v%221', 'and with what');

# a dry run

$r = $g->post($bad, target => "/validate/v3/$monitored/snapshots");
is($r->{error}{violations}[0]{rule}, 'name-length', 'a dry run has details');

my $dry = "http://127.0.0.1:$g->{port}/validate/v3/$monitored/snapshots";

like(qx(curl -s --interface 127.0.0.1 $dry), qr/^\{"verdict": "accepted"/,
     'a dry run for those who are named');
like(qx(curl -s --interface 127.0.0.2 $dry), qr/^\{"forbidden": /,
     'and for nobody else');

my %dry;

$dry{$g->get("/validate/v3/$monitored/snapshots")->{status}}++ for 1 .. 150;
cmp_ok($dry{200}, '>=', 40, 'as often as a job needs');
cmp_ok($dry{429}, '>=', 20, 'and no oftener');
is($dry{200} + $dry{429}, 150, 'and nothing else comes of it');
is($g->get("/v3/$monitored/snapshots")->{status}, 200,
   'the API has no such limit');
$g->received;

# new clients

my @new = (port => $g->{ports}{new});

for my $case (
    [create_body(name => 'autobk_snapshot_1'), 'name-reserved'],
    [create_body(metadata => { k => 1 }), 'metadata-entry'],
) {
    is(create($monitored, $case->[0], @new)->{error}{violations}[0]{rule},
       $case->[1], "new clients: $case->[1] is refused");
    is(create($monitored, $case->[0])->{status}, 200, 'but not for the others');
}

for my $case (['foo=1', 'param-unknown'], ['limit=51', 'limit-advised'],
              ['status=x', 'status-known']) {
    is($g->get("/v3/$monitored/snapshots?$case->[0]", @new)
       ->{error}{violations}[0]{rule}, $case->[1],
       "new clients: $case->[1] is refused");
}

is($g->request('DELETE', "/v3/$monitored/snapshots", [], undef, @new)
   ->{status}, 405, 'new clients: only documented operations');
is(create($monitored, create_body(), @new)->{status}, 200,
   'new clients: a good request passes');
$g->received;

# a tenant moves from monitor to enforce while requests go on

my $moved = $text =~ s/^(\s+$monitored )monitor;/$1enforce;/mr;
isnt($moved, $text, 'the tenant is in the list');

my (%seen, $lost);
my $until = time + 30;
my $reloaded = 0;
my $enforcing = 0;

# until it is enforced for long: for a moment both workers take requests

for (my $i = 0; time < $until && $enforcing < 50; $i++) {

    if ($i == 50) {
        $g->configure(all => $moved);
        $g->signal('HUP');
        $reloaded = 1;
    }

    my $status = create($monitored)->{status};

    $seen{$status}++;
    $lost++ if $status != 200 && $status != 400;
    $enforcing = $status == 400 ? $enforcing + 1 : 0;
}

ok($reloaded, 'it was moved by a reload');
is($lost, undef, 'no request was lost');
cmp_ok($seen{200}, '>=', 50, 'it was monitored before');
is($enforcing, 50, 'and is enforced after it');
is(create($enforced, create_body())->{status}, 200, 'all else goes on');

$g->finish;

done_testing;
