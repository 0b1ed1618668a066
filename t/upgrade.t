# A newer module in a file of another name runs from the next reload on, and not
# the old one, that is still loaded.  (In a file of the same name it would not:
# to the C library, that one is loaded already.)

use strict;
use warnings;

use File::Copy qw(copy);
use Test::More;
use Time::HiRes qw(sleep);

use Gateway;

my $dir = File::Temp->newdir(TMPDIR => 1);
my $module = "$dir/module.so";

copy(Gateway::module(), $module) or die "copy: $!\n";

my %conf = (
    module => $module,
    http => 'snapshot_zone counters 64k;',
    server => <<'EOT');
        location / {
            snapshot_gateway enforce;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location = /metrics { snapshot_status; }
EOT

my $g = Gateway->new(%conf);

sub running {
    return join ' ', map { /^snapshot_gateway_build_info\{version="(.*?)"/ }
                     keys %{ $g->metrics };
}

my $version = running();
like($version, qr/^\d+\.\d+\.\d+$/, 'a version of the module runs');

# another version is the same one with another number in its text

my $newer = $version =~ s/\d+/9/gr;

open my $old, '<:raw', $module or die "$module: $!\n";
my $bytes = do { local $/; <$old> };
my $places = $bytes =~ s/(?<![\d.])\Q$version\E(?![\d.])/$newer/g;

cmp_ok($places, '>', 0, 'it stands in the module');

$conf{module} = "$dir/newer.so";

open my $new, '>:raw', $conf{module} or die "$conf{module}: $!\n";
print $new $bytes;
close $new;

$g->reload(%conf);

# the old worker takes requests until it ends

for (1 .. 1000) {
    last if $g->read('error.log') =~ /worker process \d+ exited with code 0/;
    sleep 0.02;
}

is(running(), $newer, 'the new one runs after a reload');
is($g->post('{}')->{status}, 400, 'and judges');
is($g->post(create_body())->{status}, 200, 'as it should');

$g->finish;

done_testing;
