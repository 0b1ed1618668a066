# What uses vectors where the processor has them says the same where it has
# none: the unit tests of paths and of the judge pass without them, and find a
# mask that is wrong.

use strict;
use warnings;

use File::Temp ();
use Test::More;

my $cc = $ENV{CC} // 'gcc';
my $dir = File::Temp->newdir(TMPDIR => 1);
my @flags = qw(-std=c11 -D_DEFAULT_SOURCE -O1 -w -Isrc/core);

my $source = slurp('src/core/ngx_snapshot_vector.h');

# what is included is looked for beside the source first

my (@mine, @core);

for my $file (glob 'src/core/ngx_snapshot_*.c') {
    my $text = slurp($file);

    if ($text !~ /ngx_snapshot_vector\.h/) {
        push @core, $file;
        next;
    }

    push @mine, $file =~ s/.*\//$dir\//r;
    spew($mine[-1], $text);
}

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

sub passes {
    my ($unit, $text) = @_;

    spew("$dir/ngx_snapshot_vector.h", $text);

    system($cc, @flags, '-o', "$dir/$unit", "t/unit/$unit.c", @mine, @core,
           qw(-lcmocka -ljansson -lpcre2-8)) == 0
        or BAIL_OUT('it does not compile');

    # with a wrong one it may never end

    system("timeout 20 $dir/$unit > $dir/said 2>&1");

    return $? == 0;
}

my $without = $source =~ s/__SSE2__/NEVER_DEFINED/gr;

isnt($without, $source, 'there is a way without vectors');

for my $unit ('route', 'judge') {
    ok(passes($unit, $source), "$unit: with vectors all is as it should be");
    ok(passes($unit, $without), "$unit: without them as well");

    for my $text ($source =~ s{(__builtin_ia32_pmovmskb128)}{2 * $1}r,
                  $without =~ s/\(v\[i\] & 1\) << i/(v[i] & 1) << (i ^ 1)/r)
    {
        ok(!passes($unit, $text), "$unit: a mask that is wrong is found");
    }
}

done_testing;
