# What uses vectors where the processor has them says the same where it has
# none: the unit tests of paths pass without them, and find a mask that is wrong.

use strict;
use warnings;

use File::Temp ();
use Test::More;

my $cc = $ENV{CC} // 'gcc';
my $dir = File::Temp->newdir(TMPDIR => 1);
my @flags = qw(-std=c11 -D_DEFAULT_SOURCE -O1 -w -Isrc/core);

my $source = slurp('src/core/ngx_snapshot_vector.h');
my $path = slurp('src/core/ngx_snapshot_path.c');

my @core = grep { !/_path\.c$/ } glob 'src/core/ngx_snapshot_*.c';

sub slurp {
    my ($name) = @_;

    open my $fh, '<', $name or die "$name: $!\n";
    local $/;
    return <$fh>;
}

sub spew {
    my ($name, $text) = @_;

    open my $fh, '>', $name or die "$name: $!\n";
    print $fh $text;
    close $fh;
}

# what is included is looked for beside the source first

sub passes {
    my ($text) = @_;

    spew("$dir/ngx_snapshot_vector.h", $text);
    spew("$dir/path.c", $path);

    system($cc, @flags, '-o', "$dir/route", "$dir/path.c", 't/unit/route.c',
           @core, qw(-lcmocka -ljansson -lpcre2-8)) == 0
        or BAIL_OUT('it does not compile');

    # with a wrong one it may never end

    system("timeout 20 $dir/route > $dir/said 2>&1");

    return $? == 0;
}

my $without = $source =~ s/__SSE2__/NEVER_DEFINED/gr;

isnt($without, $source, 'there is a way without vectors');
ok(passes($source), 'with vectors, each path is read as it should');
ok(passes($without), 'without, too');

for my $text ($source =~ s{(__builtin_ia32_pmovmskb128)}{2 * $1}r,
              $without =~ s/\(v\[i\] & 1\) << i/(v[i] & 1) << (i ^ 1)/r)
{
    ok(!passes($text), 'a mask that is wrong is found');
}

done_testing;
