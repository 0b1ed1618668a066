# What keeps "make e2e" from starting is said in one line, and nothing is left
# behind, however a test ends.

use strict;
use warnings;

use IO::Socket::INET;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

use Cinder;
use Gateway;

# what new() dies with

sub dies {
    my (%opt) = @_;

    eval { Cinder->new(name => 'fails', %opt) };
    return $@;
}

# pids of processes whose command line or environment has a text

sub processes {
    my ($text) = @_;

    return grep {
        my $all = '';

        for my $file ('cmdline', 'environ') {
            open my $fh, '<', "/proc/$_/$file" or next;
            $all .= do { local $/; <$fh> } // '';
        }

        index($all, $text) >= 0;
    } map { /(\d+)/ } glob '/proc/[0-9]*';
}

my $dir = POSIX::getcwd() . '/build/e2e/fails';

# a package is missing

{
    local %Cinder::NEEDED = (%Cinder::NEEDED,
                             '/usr/bin/cinder-none' => 'cinder-none');
    is(dies(), "/usr/bin/cinder-none is missing: install cinder-none,"
               . " or run make deps-e2e\n", 'a missing package is named');
}

my $said = qx(tools/install no-such-package-of-debian 2>&1);
isnt($?, 0, 'a package that is not there is not installed');
like($said, qr/^could not install: no-such-package-of-debian$/m,
     'and it is named');

# a port is in use

my $taken = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1)
    or die "no port: $!\n";
my $port = $taken->sockport;

is(dies(port => $port), "port $port is in use, Cinder cannot listen there\n",
   'a port in use is named');

# Cinder does not come up

my %case = (
    'no such driver'    => [conf => { volume_driver => 'no.Driver' }],
    'no database'       => [conf => { connection => 'none' }],
    'not ready in time' => [wait => 1],
);

for my $title (sort keys %case) {
    like(dies(@{ $case{$title} }),
         qr/^cinder[^\n]{10,} \(build\/e2e\/fails\/\w+\.log\)\n\z/,
         "$title: one line, with the log that has more");
    is(join(' ', processes($dir)), '', "$title: no process is left");
}

# a test is interrupted, dies, or is killed

my $code = <<'EOC';
    my $c = Cinder->new(name => "fails");
    $c->settled;
    $c->start_uwsgi;
    my $g = $c->gateway;
    $| = 1;
    print "ready $g->{pid} $g->{dir}\n";
    die "a test's own\n" if $ENV{E2E_END} eq 'die';
    sleep 60;
EOC

for my $end ('die', 'INT', 'KILL') {
    local $ENV{E2E_END} = $end;

    my $pid = open(my $out, '-|') // die "fork: $!\n";

    if ($pid == 0) {
        POSIX::setsid();
        $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP);
        open STDERR, '>', '/dev/null';
        { exec $^X, '-It/lib', '-MTest::More', '-MCinder', '-e', $code };
        POSIX::_exit(127);
    }

    my ($nginx, $conf) = (<$out> // '') =~ /^ready (\d+) (\S+)/;

    if (!ok($nginx, "$end: all of it runs")) {
        close $out;
        next;
    }

    cmp_ok(scalar(my @all = processes($dir)), '>', 1, "$end: it is seen");

    # the group, as a terminal does, or the test alone

    kill $end, $end eq 'INT' ? -$pid : $pid if $end ne 'die';

    my @left;
    my $until = time + 30;

    do {
        sleep 0.1;
        waitpid $pid, POSIX::WNOHANG();
        @left = grep { $_ != $$ } processes($dir), processes($conf);
    } while (@left && time < $until);

    is("@left", '', "$end: no process is left");
    close $out;
}

done_testing;
