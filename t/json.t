# The reader of bodies is held against the contract by build/unit/json.  Here
# the way without vectors is, too; then the reader is broken in different ways,
# and each time that must find it.

use strict;
use warnings;

use File::Temp ();
use Test::More;

my $cc = $ENV{CC} // 'gcc';
my $dir = File::Temp->newdir(TMPDIR => 1);

open my $fh, '<', 'src/core/ngx_snapshot_json.c' or die "json.c: $!\n";
my $source = do { local $/; <$fh> };
close $fh;

system("t/fuzz/facts > $dir/facts-data.h") == 0
    or BAIL_OUT('the facts cannot be written');

my @core = grep { !/_json\.c$/ } glob 'src/core/ngx_snapshot_*.c';
my @flags = (qw(-std=c11 -D_DEFAULT_SOURCE -O1 -w -Isrc/core), "-I$dir");

for my $c (@core, 't/unit/json.c') {
    my ($name) = $c =~ /(\w+)\.c$/;
    $name = "unit_$name" if $c =~ /unit/;
    system($cc, @flags, '-c', '-o', "$dir/$name.o", $c) == 0
        or BAIL_OUT("$c does not compile");
}

$ENV{JSON_TRIES} = 20000;

sub run {
    my ($text, @more) = @_;

    open my $fh, '>', "$dir/ngx_snapshot_json.c" or die "json.c: $!\n";
    print $fh $text;
    close $fh;

    system($cc, @flags, @more, '-o', "$dir/json", "$dir/ngx_snapshot_json.c",
           glob("$dir/*.o"), qw(-lcmocka -ljansson -lpcre2-8)) == 0
        or BAIL_OUT('it does not compile');

    my $said = qx(CMOCKA_MESSAGE_OUTPUT=STDOUT timeout 300 $dir/json 2>&1);

    return ($? == 0, $said);
}

my ($passed, $said) = run($source, '-DNGX_SNAPSHOT_JSON_PORTABLE');
ok($passed, 'without vectors, all holds as well') or diag $said;

my @breaks = (
    ['it overlooks a key that is there twice', sub {
        s/r->twice = raw - 1;/ /
    }],
    ['it takes keys with the same hash for the same', sub {
        s/&& ngx_snapshot_json_same\(/&& 1 + 0 * ngx_snapshot_json_same(/;
        s/return a \* 0x9e3779b97f4a7c15;/return a & 0xff00000000;/
    }],
    ['it compares keys as they are sent', sub {
        s/if \(\*raw == '\\\\'\) \{/if (0) {/
    }],
    ['it takes the keys of an object for those of another', sub {
        s/\(\*p == '\{'\) \? \+\+r->objects : 0/(*p == '{') ? 1 + 0 * ++r->objects : 0/
    }],
    ['it takes keys of a body before for those of this one', sub {
        s/\(r->objects \+ 1\) << 32;/1 << 32; r->objects = 0;/
    }],
    ['it overlooks a control character', sub {
        s/if \(control && at \+/if (0 && at +/
    }],
    ['it lets through what is no UTF-8', sub {
        s/if \(n == 0\) \{\n +return p - r->start;/if (n == 0) { n = 1;/
    }],
    ['it lets through half of a surrogate pair', sub {
        s/if \(low >= 0xdc00 && low <= 0xdfff\)/if (1)/
    }],
    ['it counts an escape as it is sent', sub {
        s/raw->more \+= 8;/raw->more += 7;/
    }],
    ['it takes what is behind two backslashes for an escape', sub {
        s/return \(even \^ ends << 1\) & behind;/return behind;/
    }],
    ['it forgets a backslash at the end of a block', sub {
        s/\*carry = __builtin_add_overflow/*carry = 0 * __builtin_add_overflow/
    }],
    ['it forgets at the end of a block that it is within a string', sub {
        s/return quote \^ \(0 - \(quotes & 1\)\);/return quote;/
    }],
    ['it takes a comma before the end', sub {
        s/\*p == ',' && !r->fresh\) \{\n +p\+\+;/*p == ',') { p++; r->fresh = 2; continue;/
    }],
    ['it does not look at what is after the end', sub {
        s/return p == r->last\n +\|\|/return 1 ||/
    }],
    ['it keeps violations from before a mistake', sub {
        s/    if \(!ngx_snapshot_json_walk\(r\)\) \{\n        ngx_snapshot_judge_forget\(j\);/    if (!ngx_snapshot_json_walk(r)) {/
    }],
    ['it lets one level too many through', sub {
        s/r->level == NGX_SNAPSHOT_JSON_LEVELS\)/r->level > NGX_SNAPSHOT_JSON_LEVELS)/
    }],
    ['it looks for a colon behind the end', sub {
        s/return r->last - end > 3/return 1/; s/safe = r->last - 4;/safe = r->last;/
    }],
    ['it reads a block behind the end', sub {
        s/if \(at && n >= NGX_SNAPSHOT_JSON_BLOCK\)/if (at)/
    }],
);

# vectors are used where the processor has them

open my $cpu, '<', '/proc/cpuinfo' or die "cpuinfo: $!\n";

push @breaks, ['it has a mistake in a table of UTF-8', sub {
    s/SHORT\|OVER2, SHORT, SHORT\|OVER3\|SURR/SHORT|OVER2, SHORT, SHORT|OVER3/
}], ['it overlooks a character that a block cuts at the end', sub {
    s/NGX_SNAPSHOT_JSON_BLOCK == len\)/NGX_SNAPSHOT_JSON_BLOCK == len + 1)/
}], ['it overlooks one that a block begins with', sub {
    s/if \(high \| r->pending\)/if (high)/
}] if grep { /^flags\b.*\bavx2\b/ } <$cpu>;

for my $break (@breaks) {
    my ($title, $change) = @$break;

    local $_ = $source;

    ok($change->(), "$title: it can be broken so") or next;

    my ($passed) = run($_);
    ok(!$passed, "$title: that is found");
}

done_testing;
