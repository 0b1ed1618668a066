# No request fails and no memory is lost while the configuration is loaded
# again and again, nor while the program is replaced; a killed worker takes
# with it what it had in hand, and nothing else.
#
# TEST_RELOADS is the number of reloads.

use strict;
use warnings;

use MIME::Base64 qw(decode_base64);
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

use Gateway;
use Load;

my $reloads = $ENV{TEST_RELOADS} // 300;
my $clients = 3;

my $server = <<'EOF';
        location = /generation { return 200 %%GENERATION%%; }
        location = /metrics { snapshot_status; }

        location / {
            snapshot_gateway enforce;
            snapshot_rule name-length reject max=255;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /sub {
            snapshot_gateway monitor;
            snapshot_prefix /sub;
            snapshot_error_details on;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
EOF

sub conf {
    my ($generation) = @_;

    return (workers => 2, http => 'snapshot_zone counters 64k;',
            server => $server =~ s/%%GENERATION%%/"$generation"/r);
}

my $path = '/v3/' . PROJECT . '/snapshots';
my $good = create_body();
my $half = int(length($good) / 2);

# waits until something is so, and returns it

sub until_so {
    my ($what) = @_;

    my $end = time + 20;

    while (1) {
        my $so = $what->();
        return $so if $so || time > $end;
        sleep 0.005;
    }
}

sub workers {
    my ($pid) = @_;

    return split ' ', qx(ps -o pid= --ppid $pid);
}

sub gone {
    my ($pid) = @_;

    return qx(ps -o stat= -p $pid) !~ /^[^Z]/;
}

# kilobytes of its own, and open files, of a master whose old workers are gone

sub footprint {
    my ($pid) = @_;

    until_so(sub { workers($pid) == 2 });

    open my $fh, '<', "/proc/$pid/smaps_rollup" or return;

    my %size = map { /^(\w+): +(\d+) kB/ ? ($1, $2) : () } <$fh>;
    my $files = () = glob "/proc/$pid/fd/*";

    return ($size{Anonymous}, $files);
}

# the load's end; title says what it went through

sub nothing_failed {
    my ($load, $title) = @_;

    my ($sent, $ok, @failed) = $load->stop;

    is(scalar @failed, 0, "$title: not one of $sent requests fails")
        or diag join "\n", map { "$_->[0]: $_->[1]" } @failed;
    cmp_ok($sent, '>', 20, "$title: there were some");

    return $sent;
}


# reloads

my $g = Gateway->new(conf(0));

# a body of which the other half comes when its worker has been told to quit

sub begin {
    my $s = $g->connect;
    syswrite $s, Gateway::head('POST', $path,
        [['Content-Type', 'application/json'], ['Content-Length', length $good],
         ['Connection', 'close']]) . substr $good, 0, $half;
    return $s;
}

sub end {
    my ($s) = @_;

    syswrite $s, substr $good, $half;
    local $/;
    return (readline($s) // '') =~ /^HTTP\/1\.1 200 .*"reached"\}$/s;
}

my $load = Load->new($g, $clients);
my $reached = 0;
my $finished = 0;
my @begun;
my @before;

for my $n (1 .. $reloads) {
    push @begun, begin() if $n % 10 == 1;

    $g->configure(conf($n));
    $g->signal('HUP');

    $reached++ if until_so(sub { $g->get('/generation')->{body} eq $n });

    if ($n % 10 == 0) {
        $finished += end($_) for splice @begun;
    }

    @before = footprint($g->{pid}) if $n == int($reloads / 3);
}

$finished += end($_) for splice @begun;

nothing_failed($load, "$reloads reloads");
is($reached, $reloads, 'each reload takes effect');
is($finished, int(($reloads + 9) / 10),
   'a body that was begun before a reload is judged after it');

SKIP: {
    my @after = footprint($g->{pid});

    skip 'sizes of processes are not known here', 2 if !@after || !@before;

    cmp_ok($after[1], '<=', $before[1] + 4, 'no file stays open');

    # they look for leaks themselves

    skip 'the sanitizers keep what is freed', 1 if $ENV{ASAN_OPTIONS};

    cmp_ok($after[0] - $before[0], '<=', 100, 'the memory of nginx is flat')
        or diag "$before[0] kB after a third of them, then $after[0] kB";
}

ok(until_so(sub { workers($g->{pid}) == 2 }), 'no worker stays behind');

my $series = 'snapshot_gateway_requests_total'
           . '{operation="evs_v3_list",verdict="accepted"}';
my $listed = grep { /"evs_v3_list"/ && /"accepted"/ } $g->lines('access.log');
ok(until_so(sub { $g->metrics->{$series} == $listed }),
   'the counters have all of them');

$g->finish;


# Workers are killed.  Each client has one request in hand at a time.

$g = Gateway->new(conf(0));
$load = Load->new($g, $clients);

my $kills = 10;

for (1 .. $kills) {
    sleep 0.15;

    my ($pid) = until_so(sub { my @w = workers($g->{pid});
                               @w == 2 ? $w[rand 2] : undef });
    kill 'KILL', $pid;
    until_so(sub { my @w = workers($g->{pid});
                   @w == 2 && !grep { $_ == $pid } @w });
}

sleep 0.3;

my ($sent, $ok, @failed) = $load->stop;

cmp_ok($ok, '>', 100, 'requests are answered while workers are killed');
cmp_ok(scalar @failed, '<=', $kills * $clients,
       "$kills killed workers, $clients clients: no more fails than was in hand")
    or diag join "\n", map { "$_->[0]: $_->[1]" } @failed;
is(join("\n", grep { /^HTTP\/1\.1 (?!200 )/ } map { $_->[1] } @failed), '',
   'what fails gets no answer, rather than a wrong one');

my %times;

for my $line ($g->lines('upstream.log')) {
    my ($body) = $line =~ /,"([^"]*)"\]$/;
    my ($id) = decode_base64($body) =~ /"(load-[\d-]+)"/ or next;
    $times{$id}++;
}

is(join(' ', grep { $times{$_} > 1 } sort keys %times), '',
   'no create is sent twice');
is(join(' ', grep { /-(\d+)$/ && $1 % 2 } sort keys %times), '',
   'none that is bad is passed on');
is($g->post($good)->{status}, 200, 'then all is well');

my $log = $g->read('error.log');
my $killed = $log =~ s/^.*exited on signal 9.*\n//mg;

# one that was killed while it counted held the lock, which the master opens

$log =~ s/^.*\[alert\] .*shared memory zone ".*" was locked by.*\n//mg;
is($killed, $kills, 'no worker ends but those that were killed');

# the harness looks for signals, and these were ours
$g->write('error.log', $log);

$g->finish;


# The program is replaced.  An nginx in the foreground does not do that, and it
# starts the new one by the path that it was started by.

{
    package Daemon;

    our @ISA = ('Gateway');

    sub text {
        my ($self, @conf) = @_;
        return $self->SUPER::text(@conf) =~ s/daemon off;/daemon on;/r;
    }

    sub start {
        my ($self) = @_;

        my ($nginx, @options) = Gateway::command($self->{dir}, 'nginx.conf');

        ($nginx) = grep { -x } map { "$_/nginx" } split /:/, $ENV{PATH}
            if $nginx !~ /\//;

        system "$nginx @options 2>>$self->{dir}/stderr.log";
        die "nginx did not start: " . $self->read('stderr.log') if $?;

        main::until_so(sub { $self->read('nginx.pid') =~ /\d/ });
        $self->adopt;
    }

    sub adopt {
        my ($self) = @_;
        ($self->{pid}) = $self->read('nginx.pid') =~ /(\d+)/;
    }

    # it is no child of this process

    sub finish {
        my ($self) = @_;

        my $pid = delete $self->{pid};
        kill 'QUIT', $pid;
        main::ok(main::until_so(sub { main::gone($pid) }),
                 'no request is left hanging at shutdown');
        kill 'KILL', $pid if !main::gone($pid);

        main::is(join('', grep { /\[(?:alert|emerg)\]|exited on signal/ }
                          $self->lines('error.log')), '',
                 'nothing is at alert or emerg, no worker exited on a signal');
    }
}

sub upgrade {
    my ($d) = @_;

    my $old = $d->{pid};

    $d->signal('USR2');

    until_so(sub { $d->read('nginx.pid') =~ /^(\d+)/ && $1 != $old });
    $d->adopt;

    ok($d->{pid} != $old && until_so(sub { workers($d->{pid}) == 2 }),
       'a new program runs beside the old one');

    return $old;
}

my $d = Daemon->new(conf(0));

$load = Load->new($d, $clients);
sleep 0.2;

for my $n (1 .. 3) {
    my $old = upgrade($d);

    kill 'WINCH', $old;
    ok(until_so(sub { !grep { $_ != $d->{pid} } workers($old) }),
       'the workers of the old one end');

    # every other time the new one is no good, and the old one takes over again

    if ($n % 2 == 0) {
        my $new = $d->{pid};

        kill 'HUP', $old;
        until_so(sub { workers($old) > 2 });
        kill 'QUIT', $new;
        ok(until_so(sub { gone($new) }), 'the new program ends');
        until_so(sub { $d->read('nginx.pid') =~ /^$old\b/ });
        $d->adopt;
        is($d->{pid}, $old, 'and the old one takes over again');
        next;
    }

    kill 'QUIT', $old;
    ok(until_so(sub { gone($old) }), 'the old program ends');

    my $before = $d->metrics->{$series};
    ok(until_so(sub { $d->metrics->{$series} > $before }),
       'the new one serves and counts');
}

nothing_failed($load, 'upgrades of the program');

is($d->post(create_body(name => 'n' x 256))->{error}{code}, 'EVS.5400',
   'the last one judges');

$d->finish;

done_testing;
