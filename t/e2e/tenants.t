# conf/tenants.conf with a real Keystone, its middleware as the token service,
# and a Cinder that asks Keystone as well: the stock clients do all they do, with
# a catalog with project ids and with one without; a stranger's flood takes
# nothing of a tenant's budget, nor does another tenant's; a revoked token is
# out.

use strict;
use warnings;

use File::Find ();
use JSON::PP;
use Test::More;
use Time::HiRes qw(sleep time);

use Cinder;
use Gateway;
use Keystone;

my $json = JSON::PP->new->utf8;

my $keystone = eval { Keystone->new(name => 'tenants-keystone') }
    or BAIL_OUT($@ =~ s/\n//r);

# two projects, and their users: ada may do what only an administrator may

my ($a, $b) = map { $keystone->project($_) } qw(a b);

$keystone->user('ada', a => 'admin');
$keystone->user('amy', a => 'member');
$keystone->user('bob', b => 'member');
$keystone->user('cinder', service => 'admin');

eval { $keystone->start_token_service; 1 } or BAIL_OUT($@ =~ s/\n//r);

my $password = Keystone::PASSWORD;
my $ada = $keystone->token('ada', 'a');

my $cinder = eval { Cinder->new(name => 'tenants', token => $ada,
    project => $a, conf => { auth_strategy => 'keystone' }, more => <<"EOF") }

[keystone_authtoken]
www_authenticate_uri = $keystone->{url}
auth_url = $keystone->{url}
auth_type = password
username = cinder
password = $password
user_domain_id = default
project_name = service
project_domain_id = default
token_cache_time = -1
EOF
    or BAIL_OUT($@ =~ s/\n//r);

# the file itself, with the rules of conf/cinder.conf for the clients, and a port
# without TLS for the floods

my %port = map { $_ => Gateway::free_port() } qw(tls asked);
my $dir = $cinder->{dir};

system("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
       . " -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
       . " -keyout $dir/gateway.key -out $dir/gateway.crt 2>$dir/openssl.log")
    == 0 or BAIL_OUT('openssl failed');

my $rules = do {
    open my $fh, '<', 'conf/cinder.conf' or BAIL_OUT("conf/cinder.conf: $!");
    local $/;
    join "\n", grep { !/project-id/ } <$fh> =~ /^\s+(snapshot_rule .*;)$/mg;
};

my $text = Gateway::shipped('tenants.conf', 8081 => $cinder->{port},
                            8083 => $keystone->{token_port},
                            8084 => $port{asked}, 8443 => $port{tls});

for ($text) {
    s/(_\w+) tls\//$1 $dir\//g == 2 or BAIL_OUT('tls');
    s/(snapshot_rule project-id warn;)/$1\n$rules/ or BAIL_OUT('rules');
    s/\n(\s+listen 127\.0\.0\.1:$port{tls} )/\n listen 127.0.0.1:%%PORT%%;\n$1/
        or BAIL_OUT('listen');
    s/^/user root;\n/ if $> == 0;

    # a Keystone in one process is slow where the machine is busy

    s/proxy_read_timeout [58]s;/proxy_read_timeout 60s;/g == 2
        or BAIL_OUT('timeouts');
}

my $g = Gateway->new(all => $text, upstream => $cinder->{port},
                     through => [qw(setpriv --pdeathsig TERM)]);

my $gateway = "https://127.0.0.1:$port{tls}/v3";

$keystone->service('volumev3', without => $gateway,
                   with => "$gateway/%(project_id)s");

my $volume = $cinder->volume;

# new lines of the access log

my $read = 0;

sub logged {
    my @lines = $g->lines('access.log');
    my @new = @lines[$read .. $#lines];
    $read = @lines;

    return map { $json->decode($_) } @new;
}


# each command of the stock clients

sub run {
    my ($region, @command) = @_;

    local %ENV = (%ENV, no_proxy => '*', OS_AUTH_URL => $keystone->{url},
                  OS_REGION_NAME => $region,
                  OS_USERNAME => 'ada', OS_PASSWORD => $password,
                  OS_PROJECT_NAME => 'a', OS_USER_DOMAIN_ID => 'default',
                  OS_PROJECT_DOMAIN_ID => 'default',
                  OS_CACERT => "$dir/gateway.crt",
                  OS_IDENTITY_API_VERSION => 3,
                  OS_VOLUME_API_VERSION => '3.70');

    open my $out, '-|', 'sh', '-c', 'exec timeout 60 "$@" 2>&1 </dev/null',
        'sh', @command or die "sh: $!\n";
    my $said = do { local $/; <$out> } // '';
    close $out;

    return ($? >> 8, $said);
}

open my $fh, '<', 't/e2e/commands.jsonl' or BAIL_OUT("commands.jsonl: $!");
my @commands = grep { ($_->{only} // '3.70') eq '3.70' }
               map { $json->decode($_) } <$fh>;
close $fh;

for my $region ('with', 'without') {
    logged();

    for my $command (@commands) {
        my %id = map { ($_->{name} // '') => $_->{id} }
                 values %{ { $cinder->settled } };
        my @args = map { s/\{(\w*)\}/$1 eq 'volume' ? $volume
                                     : $id{$1} \/\/ 'no-such'/er }
                   split / /, $command->{args};
        my ($code, $said) = run($region, "/usr/bin/$command->{client}", @args);
        my $title = "$command->{client} $command->{args}, catalog $region ids";

        is($code, 0, "$title: works") or diag $said;
        like($said, qr/$command->{out}/, "$title: says what it should");
    }

    is_deeply({ $cinder->settled }, {}, "catalog $region ids: all are deleted");

    my @judged = grep { $_->{verdict} ne '-' } logged();

    cmp_ok(scalar @judged, '>', scalar @commands,
           "catalog $region ids: the gateway has judged what was sent");
    is(scalar(grep { $_->{tenant} ne $a || $_->{token} eq '' } @judged), 0,
       "catalog $region ids: and knows whose it is by the token");
    is(scalar(grep { $_->{project} ne ($region eq 'with' ? $a : '') } @judged),
       0, "catalog $region ids: which are in the paths, or not");
}


# Budgets: 6 writes at once, as nothing comes back in a test; 21 new tokens of an
# address.

my %slow = ('zone=writes:10m rate=2r/s' => 'zone=writes:10m rate=1r/m',
            'zone=strangers:10m rate=5r/s' => 'zone=strangers:10m rate=1r/m',
            '200 1m' => '200 5s');

$text =~ s/\Q$_\E/$slow{$_}/ or BAIL_OUT($_) for sort keys %slow;

# zones of their own, as nginx keeps what the commands have used over a reload,
# and gives it back at the new rate

$text =~ s/zone=\K(?=writes|reads|strangers)/slow_/g;
$g->reload(all => $text);

my %token = map { $_ => $keystone->token($_, /^a/ ? 'a' : 'b') } qw(amy bob);
my $body = $json->encode({ snapshot => { volume_id => $volume } });
my $from;

sub ask {
    my ($token, $method, $target, $body) = @_;

    return $g->request($method, $target,
        [['X-Auth-Token', $token],
         defined $body ? ['Content-Type', 'application/json'] : ()], $body,
        from => $from, timeout => 30);
}

sub statuses {
    my ($n, $request) = @_;

    my %n;

    $n{ $request->($_)->{status} }++ for 1 .. $n;

    return join ', ', map { "$_: $n{$_}" } sort keys %n;
}

my $of_a = "/v3/$a/snapshots";

$from = '127.0.0.2';
is(statuses(60, sub { ask('gAAAAAB' . $_[0] x 60, 'POST', $of_a, $body) }),
   '401: 21, 429: 39',
   'a stranger with a path of A gets no further than its own budget');

$from = '127.0.0.3';
is(statuses(30, sub { ask($token{bob}, 'POST', $of_a, $body) }) =~ /^4\d\d: 6, 429: 24$/,
   1, 'a member of B with a path of A spends the budget of B');
my $before = keys %{ { $cinder->settled } };

is(statuses(12, sub { ask($token{amy}, 'POST', '/v3/snapshots', $body) }),
   '202: 6, 429: 6', 'that of A is whole, and exact');
is(keys(%{ { $cinder->settled } }) - $before, 6,
   'so many snapshots are made');
is(ask($token{amy}, 'GET', $of_a)->{status}, 200, 'reads have another budget');
is(statuses(60, sub { ask($token{bob}, 'DELETE', '/v3/snapshots/no-such') }),
   '429: 60', '60 DELETE without a project id get their 429s');


# a token of B and a path of A

my $r;

$from = '127.0.0.5';
$r = ask($token{bob}, 'GET', $of_a);
is($r->{headers}{'x-snapshot-warning'}[0],
   'project-match;at="path:project_id"',
   'a token of B with a path of A is warned about');
cmp_ok($r->{status}, '>=', 400, 'and Cinder refuses it');

my $strict = $text =~ s/(snapshot_rule project-id warn;)/$1
                        snapshot_rule project-match reject;/r;
$g->reload(all => $strict);

$r = ask($token{bob}, 'GET', $of_a);
is("$r->{status} $r->{fault} $r->{error}{code}", '403 forbidden EVS.5403',
   'where project-match rejects, the gateway refuses it');

for my $path ("/v3/$b/snapshots", '/v3/snapshots') {
    is(ask($token{bob}, 'GET', $path)->{status}, 200,
       'and nothing else: ' . $path =~ s/\Q$b/B/r);
}

$g->reload(all => $text);


# a token of no project, and a revoked one

$r = ask($keystone->token('bob'), 'GET', '/v3/snapshots');
is("$r->{status} $r->{fault} $r->{error}{code}", '403 forbidden EVS.5403',
   'a token of no project is forbidden');

$r = ask('none', 'GET', '/v3/snapshots');
is("$r->{status} $r->{fault} $r->{error}{code}", '401 unauthorized EVS.5401',
   'one that is none is unauthorized');
like($r->{headers}{'www-authenticate'}[0], qr/^Keystone uri="/,
     'and Keystone says where to get one');

is(ask($token{bob}, 'GET', '/v3/snapshots')->{status}, 200, 'a token is good');
$keystone->revoke($token{bob});

my $until = time + 30;
sleep 0.5 until ($r = ask($token{bob}, 'GET', '/v3/snapshots'))->{status} == 401
                && ($r->{fault} // '') eq 'unauthorized' || time > $until;
is("$r->{status} $r->{error}{code}", '401 EVS.5401',
   'after the time to live the gateway knows that it was revoked');


# what a bad request of a tenant is in the table, and where tokens are not

$from = '127.0.0.4';
ask($token{amy}, 'GET', '/v3/snapshots?limit=-1');

my $status = $json->decode(($g->exchange(
    Gateway::head('GET', '/status.json', [['Connection', 'close']]),
    port => $g->{ports}{status}))[0]{body});
is(join(' ', grep { $_ ne $a && $_ ne $b }
             map { $_->{project} } @{ $status->{projects}{rows} }), '',
   'the table has no other rows than those of the two projects');

my @tokens = ($ada, values %token);
my (@found, $cached);

File::Find::find({ no_chdir => 1, wanted => sub {
    open my $file, '<:raw', -f $_ ? $_ : '/dev/null' or return;
    my $all = do { local $/; <$file> } // '';
    $cached++ if /\/tokens\// && $all =~ /X-Project-Id/i;
    push @found, $_ if grep { index($all, $_) >= 0 } @tokens;
} }, $g->{dir});

cmp_ok($cached, '>', 0, 'the cache has answers of the token service');
is("@found", '', 'no token is in a file of the gateway');

open $fh, '<', "$keystone->{dir}/token.out" or die "token.out: $!\n";
my $said = do { local $/; <$fh> };
is(scalar(grep { index($said, $_) >= 0 } @tokens), 0,
   'nor in what the token service says');

$g->finish;

done_testing;
