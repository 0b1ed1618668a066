# The second reader is held against the first by build/unit/scan.  Here it is
# broken in different ways, and each time that must find it.

use strict;
use warnings;

use File::Temp ();
use Test::More;

my $cc = $ENV{CC} // 'gcc';
my $dir = File::Temp->newdir(TMPDIR => 1);

open my $fh, '<', 'src/core/ngx_snapshot_scan.c' or die "scan.c: $!\n";
my $source = do { local $/; <$fh> };
close $fh;

my @core = grep { !/_scan\.c$/ } glob 'src/core/ngx_snapshot_*.c';
my @flags = qw(-std=c11 -D_DEFAULT_SOURCE -O1 -w -Isrc/core);

for my $c (@core, 't/unit/scan.c') {
    my ($name) = $c =~ /(\w+)\.c$/;
    $name = "unit_$name" if $c =~ /unit/;
    system($cc, @flags, '-c', '-o', "$dir/$name.o", $c) == 0
        or BAIL_OUT("$c does not compile");
}

sub run {
    my ($text) = @_;

    open my $fh, '>', "$dir/ngx_snapshot_scan.c" or die "scan.c: $!\n";
    print $fh $text;
    close $fh;

    system($cc, @flags, '-o', "$dir/scan", "$dir/ngx_snapshot_scan.c",
           glob("$dir/*.o"), qw(-lcmocka -ljansson -lpcre2-8)) == 0
        or BAIL_OUT('it does not compile');

    my $said = qx(CMOCKA_MESSAGE_OUTPUT=STDOUT $dir/scan 2>&1);

    return ($? == 0, $said);
}

my ($passed, $said) = run($source);
ok($passed, 'as it is, it makes the same of every body') or diag $said;

($passed, $said) = run("#define NGX_SNAPSHOT_SCAN_AVX2  0\n$source");
ok($passed, 'with vectors of 16 bytes, too') or diag $said;

($passed, $said) = run($source =~ s/__SSE2__/NEVER_DEFINED/gr);
ok($passed, 'without vectors, too') or diag $said;

my @breaks = (
    ['it overlooks a key that is there twice', sub {
        s/(if \(ngx_snapshot_same\(keys->few\[i\], key\)\) \{\n +return) 0/$1 1/
    }],
    ['it overlooks one among many', sub {
        s/(memcmp\(other, key\.data, key\.len\) == 0\)\n +\{\n +return) 0/$1 1/
    }],
    ['it forgets what the keys before looked like', sub {
        s/keys->bits \|= bit/keys->bits = bit/
    }],
    ['it overlooks a control character at the beginning of a string', sub {
        s/_mm_cmpgt_epi8\(v, _mm_set1_epi8\(0x1f\)\)/_mm_set1_epi8(-1)/
    }],
    ['it lets through what is no UTF-8', sub {
        s/if \(n == 0\) \{\n +return NULL;/if (n == 0) { n = 1;/
    }],
    ['it takes an escape as it is', sub {
        s/(if \(\*p < 0x80\) \{\n +)return NULL/$1p++; continue/
    }],
    ['it takes a comma before the end', sub {
        s/ \|\| keys->n\) \{/) {/
    }],
    ['it takes what is no number for one', sub {
        s/return n \? p \+ n : NULL/return p + (n ? n : 1)/
    }],
    ['it does not look at what is after the end', sub {
        s/return keys == s->keys && p == last;/return keys == s->keys;/
    }],
    ['it leaves traces where it is not sure', sub {
        s/    ngx_snapshot_judge_forget\(j\);\n//
    }],
    ['it goes into an object that is no field', sub {
        s/if \((!ngx_snapshot_judge_member\(j, key, NGX_SNAPSHOT_TYPE_OBJECT)/if (0 && $1/
    }],
);

# what is wide is used where the processor can

open my $cpu, '<', '/proc/cpuinfo' or die "cpuinfo: $!\n";

push @breaks, ['it overlooks a control character in a long string', sub {
    s/_mm256_cmpgt_epi8\(v, _mm256_set1_epi8\(0x1f\)\)/_mm256_set1_epi8(-1)/
}] if grep { /^flags\b.*\bavx2\b/ } <$cpu>;

for my $break (@breaks) {
    my ($title, $change) = @$break;

    local $_ = $source;

    ok($change->(), "$title: it can be broken so") or next;

    my ($passed) = run($_);
    ok(!$passed, "$title: that is found");
}

done_testing;
