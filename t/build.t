# What is built exports only what it must, each configuration is used by a test,
# and that of "make run" answers as the pages do.  t/docs.t is for documents.

use strict;
use warnings;

use File::Path qw(remove_tree);
use File::Temp ();
use JSON::PP;
use Test::More;

use Cases;
use Gateway;

my $module = Gateway::module();

my @symbols = map { (split)[2] } qx(nm -D --defined-only $module);
my $ours = qr/^ngx_(?:http_snapshot_module$|modules$|module_names$
                     |module_order$|snapshot_)/x;

# the sanitizers add theirs
is_deeply([grep { !/$ours|^__odr_asan/ } @symbols], [],
          'only the symbols of a module are exported');
ok((grep { $_ eq 'ngx_http_snapshot_module' } @symbols), 'the module is');

# it is built again for another nginx, with other sources, by another compiler

my $build = $ENV{TEST_BUILD} // 'build';

sub configures {
    my (@options) = @_;

    delete local @ENV{qw(MAKEFLAGS MAKELEVEL MFLAGS)};
    my @older = map { "-o $_" } qw(config Makefile tools/checkers.mk
                                   tools/configure);

    return qx(make -n @older BUILD=$build @options 2>/dev/null)
           =~ /\btools\/configure /;
}

my @made = slurp("$build/made-with") =~ /(\w+='.*?')/g;

ok(!configures(@made), 'what has been built is not built again');

for my $i (0 .. $#made) {
    my @other = @made;

    $other[$i] =~ s/'$/.other'/;
    ok(configures(@other), 'but it is for another ' . $made[$i] =~ s/=.*//r);
}

# the source may be that of an nginx that somebody has built there

my $source = File::Temp->newdir(TMPDIR => 1);

sub write_to {
    my ($name, $text) = @_;

    open my $fh, '>', "$source/$name" or die "$name: $!\n";
    print $fh $text;
}

write_to(Makefile => 'their own');
write_to(configure => <<'EOT');
#!/bin/sh
echo ours > Makefile
for option; do
    case $option in
        --builddir=*) echo 'CFLAGS = -O' > "${option#*=}/Makefile" ;;
    esac
done
EOT
chmod 0755, "$source/configure";

my $nginx = Gateway::nginx();
my $there = "$build/source-is-left";

is(system("tools/configure $nginx $source $there"), 0, 'a source is configured');
is(slurp("$there/Makefile"), "CFLAGS = -O \n", 'the build has its Makefile');
is(slurp("$source/Makefile"), 'their own', 'and the source still its own');
remove_tree($there);

sub slurp {
    my ($name) = @_;

    open my $fh, '<:raw', $name or die "$name: $!\n";
    local $/;
    return <$fh>;
}

for my $name (map { s/.*\///r } glob 'conf/*.conf') {
    ok((grep { slurp($_) =~ /\b\Q$name\E\b/ } grep { $_ ne "conf/$name" }
            glob 't/*.t t/e2e/*.t conf/*.conf'),
       "$name is used by a test");
}

# the configuration of "make run" answers as the pages do

my $s = Gateway->new(all => Gateway::shipped('nginx.conf',
                                             8081 => '%%PORT_sample%%'));

my %samples = ('000' => 202, '001' => 202, '002' => 200, '003' => 200);
my $json = JSON::PP->new->utf8;
my @cases = cases();

for my $page (sort keys %samples) {
    my ($case) = grep { $_->{title} =~ /sample of page $page$/ } @cases;

    my $r = $s->request($case->{method}, $case->{target}, $case->{headers},
                        $case->{sent});
    is($r->{status}, $samples{$page}, "page $page: the documented status");
    ok(ref eval { $json->decode($r->{body})->{snapshot} },
       "page $page: a snapshot in JSON");
    is($r->{headers}{'x-snapshot-verdict'}[0], 'accepted', "page $page: passes");
}

for my $version ('v2', 'v3') {
    for my $path ('snapshots', 'snapshots/detail') {
        my $r = $s->get("/$version/p/$path?limit=50");
        is($r->{status}, 200, "/$version/p/$path");
        ok(ref eval { $json->decode($r->{body})->{snapshots} },
           'has snapshots in JSON');
    }
}

is($s->request('PUT', '/v2/p/snapshots/' . SNAPSHOT, [['Content-Type',
   'application/json']], '{"snapshot": {"name": "a"}}')->{status}, 200,
   'update of v2');
is($s->get('/v3/p/snapshots/x')->{status}, 404, 'no such snapshot');
is($s->get('/')->{status}, 404, 'nothing else');

$s->finish;

done_testing;
