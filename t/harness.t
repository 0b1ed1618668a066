# The three checks that every test file gets for free find what they should, and
# an nginx that the tests start uses nothing outside its own folder.

use strict;
use warnings;

use Test::More;

use Gateway;

# what "finish" says after a planted defect

sub planted {
    my ($defect) = @_;

    my $program = 'use Test::More; use Gateway; my $g = Gateway->new; '
                  . "$defect \$g->finish(timeout => 4); done_testing;";

    return scalar qx($^X -It/lib -e '$program' 2>/dev/null);
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

my @files = grep { !/^\Q$g->{dir}\E\/|^\/(?:dev|proc)\// && -f }
            map { readlink // () } glob "/proc/$g->{pid}/fd/*";

is_deeply(\@files, [], 'no file outside its own folder is open');
ok(-d "$g->{dir}/$_", "its own folder has that of $_")
    for qw(body proxy fastcgi uwsgi scgi);

$g->finish;

done_testing;
