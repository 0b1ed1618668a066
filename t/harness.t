# The three checks that every test file gets for free find what they should, and
# an nginx that the tests start uses nothing outside its own folder.

use strict;
use warnings;

use File::Temp ();
use Test::More;

use Gateway;

# what a test file says

sub said {
    my ($program) = @_;

    $program = "use Test::More; use Gateway; $program; done_testing;";
    return scalar qx($^X -It/lib -e '$program' 2>/dev/null);
}

# what "finish" says after a planted defect

sub planted {
    my ($defect) = @_;

    return said("my \$g = Gateway->new; $defect \$g->finish(timeout => 4)");
}

my $alert = 'open my $fh, ">>", "$g->{dir}/error.log"; '
          . 'print $fh "[alert] planted\n"; close $fh;';
my $signal = 'my $w; select undef, undef, undef, 0.02 until ($w) = '
           . '$g->read("error.log") =~ /start worker process (\d+)\n/; '
           . 'kill "KILL", $w; select undef, undef, undef, 0.3;';
my $hang = 'my $s = $g->connect; syswrite $s, "POST /v3/p/snapshots HTTP/1.1'
         . '\r\nHost: x\r\nContent-Type: application/json'
         . '\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n{"; '
         . 'sysread $s, my $continue, 99;';

my @checks = ('no request is left hanging at shutdown',
              'nothing in the error log is at alert or emerg',
              'no worker exited on a signal');

my $said = planted('');
like($said, qr/^ok \d+ - $_$/m, "nothing is planted: $_") for @checks;

like(planted($hang), qr/^not ok \d+ - $checks[0]$/m, 'a hanging request');
like(planted($alert), qr/^not ok \d+ - $checks[1]$/m, 'an alert');
like(planted($signal), qr/^not ok \d+ - $checks[2]$/m, 'a killed worker');

# An ordinary user may not write where nginx was told to when it was built.

my $g = Gateway->new(all => <<'EOT');
load_module %%MODULE%%;
daemon off;
pid nginx.pid;

events {}

http {
    server { listen 127.0.0.1:%%PORT%%; }
}
EOT

my %handed_on = map { readlink // '' => 1 } glob "/proc/$$/fd/*";
my @files = grep { !/^\Q$g->{dir}\E\/|^\/(?:dev|proc)\// && -f }
            grep { !$handed_on{$_} }
            map { readlink // () } glob "/proc/$g->{pid}/fd/*";

is_deeply(\@files, [], 'no file outside its own folder is open');
ok(-d "$g->{dir}/$_", "its own folder has that of $_")
    for qw(body proxy fastcgi uwsgi scgi);

$g->finish;


# another nginx in the place of the one that is tested

sub with_nginx {
    my ($script, $program) = @_;

    my $dir = File::Temp->newdir(TMPDIR => 1);

    open my $fh, '>', "$dir/nginx" or die "nginx: $!\n";
    print $fh "#!/bin/sh\nnginx=@{[Gateway::nginx()]}\n$script";
    close $fh;
    chmod 0755, "$dir/nginx";

    local $ENV{TEST_NGINX} = "$dir/nginx";
    return said($program);
}

# one that writes to logs/error.log unless it is told otherwise

my $own = <<'EOT';
case " $* " in *' -e '*|*' -v '*|*' -V '*) exec $nginx "$@" ;; esac
exec $nginx -e logs/error.log "$@"
EOT

unlike(with_nginx($own, 'my $g = Gateway->new; $g->test_conf; $g->finish'),
       qr/^not ok/m, "an nginx with nginx's own layout is as good");

my $few = '[ "$1" != -V ] || exec echo --with-http_v2_module=dynamic;'
        . 'exec $nginx "$@"';
my $http2 = 'Gateway->new(listen => "http2")->finish';

like(with_nginx($few, $http2),
     qr/^1\.\.0 # SKIP nginx was built without http_v2_module$/m,
     'a file that needs what nginx lacks is skipped');
is(with_nginx($few, "pass; $http2; fail"),
   "ok 1\nok 2 # skip the rest, as nginx was built without http_v2_module\n"
   . "1..2\n", 'and so is the rest of one');



# One client and one way to start nginx, for the benchmarks as well.

my @own = grep {
    Gateway::Process::slurp($_) =~ /^use IO::Socket\b/m
} 'tools/soak', 'bench/run', 'bench/scale', glob 'bench/Bench/*.pm';

is("@own", '', 'no benchmark has a client of its own');

done_testing;
