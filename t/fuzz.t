# What the fuzzers hold true is held true of their corpora, without clang.
# Then the core is broken in different ways, and each time a corpus finds it.

use strict;
use warnings;

use File::Temp ();
use Test::More;

my $cc = $ENV{CC} // 'gcc';
my $dir = File::Temp->newdir(TMPDIR => 1);

my @flags = (qw(-std=c11 -D_DEFAULT_SOURCE -O1 -g -Wall -Wextra -Werror),
             '-Isrc/core', "-I$dir");
my @libs = qw(-ljansson -lpcre2-8);

# the sanitizers, where the compiler has them

my @sanitize = ('-fsanitize=address,undefined', '-fno-sanitize-recover=all');

open my $fh, '>', "$dir/try.c" or die "try.c: $!\n";
print $fh "int main(void) { return 0; }\n";
close $fh;

if (system("$cc @sanitize -o $dir/try $dir/try.c 2>$dir/said && $dir/try") != 0)
{
    diag("$cc has no sanitizers, so only what is said is checked");
    @sanitize = ();
}

sub compile {
    my ($object, $source, @more) = @_;

    system($cc, @flags, @sanitize, @more, '-c', '-o', $object, $source) == 0
        or BAIL_OUT("$source does not compile");
}

sub slurp {
    my ($name) = @_;

    open my $fh, '<:raw', $name or die "$name: $!\n";
    local $/;
    return <$fh>;
}

my %objects;

for my $c (glob 'src/core/ngx_snapshot_*.c') {
    $objects{$c} = $c =~ s{.*/(\w+)\.c$}{$dir/$1.o}r;
    compile($objects{$c}, $c);
}

# the contract that all of them read

system("t/fuzz/facts > $dir/facts-data.h") == 0
    && system("t/servers/rows > $dir/table-data.h") == 0
    or BAIL_OUT('the contract is no header');

my @fuzzers = sort grep { $_ ne 'main' } map { m{(\w+)\.c$} } glob 't/fuzz/*.c';

compile("$dir/fuzz_$_.o", "t/fuzz/$_.c") for 'main', @fuzzers;

# whether a corpus passes, and what is said

sub replay {
    my ($fuzzer, %other) = @_;
    my %all = (%objects, %other);

    system($cc, @sanitize, '-o', "$dir/$fuzzer", "$dir/fuzz_main.o",
           "$dir/fuzz_$fuzzer.o", sort(values %all), @libs) == 0
        or BAIL_OUT("$fuzzer cannot be linked");

    my $said = qx($dir/$fuzzer t/fuzz/corpus/$fuzzer 2>&1);

    return ($? == 0, $said);
}

is_deeply([sort map { m{(\w+)$} } glob 't/fuzz/corpus/*'], \@fuzzers,
          'each fuzzer has a corpus');

# as a fuzzer calls it, it says nothing to who reads a failure

is(join(' ', grep { m{/(?:found|crash|leak|oom|slow|timeout)-|/[0-9a-f]{40}$} }
             glob 't/fuzz/corpus/*/*'), '',
   'each input is named by what it is');

for my $fuzzer (@fuzzers) {
    my @files = glob "t/fuzz/corpus/$fuzzer/*";
    my ($passed, $said) = replay($fuzzer);

    ok($passed && $said =~ /^(\d+) inputs$/m && $1 == @files,
       "$fuzzer: all holds of " . @files . ' inputs')
        or diag(substr $said, -3000);
}

my @breaks = (
    ['body', 'check', 'a UUID may be longer', sub {
        s/v->bytes\.len != NGX_SNAPSHOT_UUID_LEN/v->bytes.len < NGX_SNAPSHOT_UUID_LEN/
    }],
    ['body', 'judge', 'null is always as good as nothing', sub {
        s/\n +&& field->flags & NGX_SNAPSHOT_FLAG_NULLABLE\) \{/) {/
    }],
    ['body', 'contract', 'a name may be a byte longer', sub {
        s/BYTES, 255, CHECK\(VALUE, LENGTH\)/BYTES, 256, CHECK(VALUE, LENGTH)/
    }],
    ['body', 'regex', 'what is behind a name is not looked at', sub {
        s/\|\s*PCRE2_ENDANCHORED|PCRE2_ENDANCHORED\s*\|//
    }],
    ['body', 'judge', 'a required string may be empty', sub {
        s/if \(bytes\.len == 0 && field->flags/if (0 && field->flags/
    }],

    ['body', 'json', 'a mistake in a word is where the word begins', sub {
        s/if \(p == r->last \|\| \*p != \(u_char\) \*word\) \{/$& p--;/
    }],
    ['body', 'json', 'what is behind the object is not looked at', sub {
        s/return p == r->last\n +\|\|/return 1 ||/
    }],
    ['body', 'json', 'a key twice is overlooked', sub {
        s/r->twice = raw - 1;/ /
    }],

    ['query', 'check', 'a number goes around', sub {
        s/if \(\*n > \(UINT64_MAX - digit\) \/ 10\) \{/if (0) {/
    }],
    ['query', 'check', 'a limit may be one more', sub {
        s/\} else if \(n <= v->max\)/} else if (n <= v->max + 1)/
    }],
    ['query', 'query', 'a method behind ";" is overlooked', sub {
        s/query_piece\(&piece, ';'\)/query_piece(&piece, '&')/
    }],
    ['query', 'judge', 'a parameter may be there twice', sub {
        s/    j->params \|= bit;\n//
    }],
    ['query', 'text', 'some control characters are none', sub {
        s/\n +\|\| \(\*p == 0xc2 && p\[1\] < 0xa0\)//
    }],

    ['route', 'path', 'an escape of an escape is left', sub {
        s/while \(d\[-3\] == '%'/while (0 \&\& d[-3] == '%'/
    }],
    ['route', 'path', 'a path with an escape is out of scope', sub {
        s/(p->scope = r->word\[0\] != NGX_SNAPSHOT_NOWHERE)/$1 \&\& 0/
    }],
    ['route', 'path', 'what is left of an escape is not taken out', sub {
        s/(if \(\*p == '%'\) \{\n +)p\+\+;/$1*out++ = *p++;/
    }],
    ['route', 'path', 'a dot segment in the rest is overlooked', sub {
        s/return !ngx_snapshot_path_climbs\(text, i\);/return 1;/
    }],
    ['route', 'path', 'a version before the collection is overlooked', sub {
        s/versions \|= /versions |= 0 \&\& /
    }],
    ['route', 'path', 'the first byte of the rest may be any', sub {
        s/\|\| !ngx_snapshot_path_first\(r, text, i\)\)/|| 0)/
    }],
    ['route', 'route', 'another spelling of the prefix is plain', sub {
        s/known = !p->capitals\s+&& /known = /
    }],
    ['route', 'route', 'a suffix is overlooked', sub {
        s/route->odd \|= NGX_SNAPSHOT_ODD_SUFFIX;//
    }],

    ['report', 'text', 'a quote is not escaped in JSON', sub {
        s/if \(\*p == '"' \|\| \*p == '\\\\'\) \{/if (*p == '\\\\') {/
    }],
    ['report', 'report', 'a quote is not escaped in a header', sub {
        s/(text_percent\(t, (?:at|head), )"\\"\\\\"\)/$1"")/g
    }],
    ['report', 'report', 'a header has no bound', sub {
        s/> NGX_SNAPSHOT_ENTRIES_MAX\)/> 100000)/
    }],
    ['report', 'report', 'a header is cut in the middle of an escape', sub {
        s/if \(\*p == '~'\) \{/if (0) {/
    }],
    ['report', 'text', 'a control character is shown as it is', sub {
        s/\n +\|\| !ngx_snapshot_utf8_printable\(c\)\)/)/
    }],
    ['report', 'judge', 'a value is echoed', sub {
        s/(\(void\) ngx_snapshot_check\(value, &found\);)/
          ngx_snapshot_text_add(&v->message, value->bytes.data,
                                value->bytes.len); $1/
    }],
    ['report', 'report', 'the last violation gives the code', sub {
        s/ngx_snapshot_text_cstr\(&t, v->code\);/
          while (v->next) { v = v->next; } $&/
    }],
);

for my $break (@breaks) {
    my ($fuzzer, $file, $title, $change) = @$break;
    my $source = "src/core/ngx_snapshot_$file.c";

    local $_ = slurp($source);

    ok($change->(), "$fuzzer, $title: it can be broken so") or next;

    open my $fh, '>:raw', "$dir/broken.c" or die "broken.c: $!\n";
    print $fh $_;
    close $fh;

    compile("$dir/broken.o", "$dir/broken.c", '-w');

    my ($passed, $said) = replay($fuzzer, $source => "$dir/broken.o");

    my ($input) = ($said =~ m{^(t/fuzz/corpus/\S+)$}mg)[-1];
    my ($what) = $said =~ m{^((?:the |there |a )[^\n]*|.*ERROR: \w+Sanitizer.*)}m;

    ok(!$passed, "$fuzzer, $title: that is found");
    note(($input // 'no input') . ': ' . ($what // 'nothing is said'))
        if !$passed;
}

done_testing;
