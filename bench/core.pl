#!/usr/bin/perl
# Measures the core alone and prints Markdown tables; see bench/core.c.
#
#     bench/core.pl [--out=FILE] [--document=FILE] PROGRAM
#
# PROGRAM is run three times: for times, under callgrind for instructions, and
# PROGRAM-heap for allocations.  All numbers go to FILE as well.

use strict;
use warnings;

use File::Temp;
use Getopt::Long;
use JSON::PP ();
use Text::Wrap qw(wrap);

# lines of 80 columns at most

$Text::Wrap::columns = 81;

my $out = 'build/bench-core.json';
my $document;

GetOptions('out=s' => \$out, 'document=s' => \$document) && @ARGV == 1
    or exit 2;

my ($program) = @ARGV;

# A growth of this much over that of the size is no rounding.

my $tolerance = 1.05;

# The columns that all runs have in common name the case.

sub run_core {
    my (@command) = @_;

    open my $fh, '-|', @command or die "$command[0]: $!\n";

    my @rows = map { chomp; [split /\t/, $_, -1] } <$fh>;

    close $fh or die "@command has failed\n";
    return @rows;
}

sub key { return join '/', @{ $_[0] }[0 .. 2] }

# by name of a dump, the instructions in it

sub dumps {
    my ($dir) = @_;
    my %found;

    for my $name (glob "$dir/out.*") {
        my $key;

        open my $fh, '<', $name or die "$name: $!\n";

        while (<$fh>) {
            $key = $1 if /^desc: Trigger: Client Request: (.*)/;
            $found{$key} = $1 if /^(?:summary|totals): (\d+)/ && defined $key;
        }
    }

    return \%found;
}

sub measure {
    my $dir = File::Temp->newdir;
    my @times = run_core($program);
    my @heap = run_core("$program-heap");
    my @counts = run_core('valgrind', '--tool=callgrind', '--quiet',
                          '--log-file=/dev/null', '--dump-line=no',
                          '--collect-atstart=no',
                          "--callgrind-out-file=$dir/out", $program);
    my $dumps = dumps($dir);
    my (@cases, $base);

    for my $i (0 .. $#times) {
        my $key = key($times[$i]);
        my ($group, $series, $name, $n, $bytes, $best, $median)
            = @{ $times[$i] };

        for my $row ($counts[$i], $heap[$i]) {
            die "$key is not the same case in all runs\n"
                if !defined $row || key($row) ne $key;
        }

        my $total = $dumps->{$key} // die "$key has no count\n";

        my %case = (
            group => $group, series => $series, name => $name, n => $n + 0,
            bytes => $bytes + 0, best => $best + 0, median => $median + 0,
            instructions => $total / $counts[$i][5],
        );

        @case{qw(pool_calls pool_bytes heap_calls heap_bytes)}
            = map { $_ + 0 } @{ $heap[$i] }[5 .. 8];

        # what all cases have in common comes first

        if (!$base) {
            $base = \%case;
            next;
        }

        $case{$_} -= $base->{$_} for qw(best median instructions);
        push @cases, \%case;
    }

    die "$program measures nothing\n" if !@cases;

    return @cases;
}

# Cost and size as factors of those of the case before in the same series.

sub grow {
    my (@cases) = @_;
    my %before;

    for my $c (@cases) {
        my $series = $c->{series};
        my $b = length $series ? $before{"$c->{group}/$series"} : undef;

        $before{"$c->{group}/$series"} = $c;

        next if !$b || $b->{n} == 0;

        $c->{size_factor} = $c->{n} / $b->{n};
        $c->{cost_factor} = $c->{instructions} / $b->{instructions};
        $c->{each_more} = ($c->{instructions} - $b->{instructions})
                          / ($c->{n} - $b->{n});
    }

    return;
}

# Instructions as a part of those of json_loadb on the same bytes.

sub compare {
    my (@cases) = @_;
    my %loadb = map { $_->{series} eq 'json_loadb'
                      ? ("$_->{group}/$_->{name}" => $_) : () } @cases;

    for my $c (@cases) {
        my $l = $loadb{"$c->{group}/$c->{name}"} // next;
        $c->{of_loadb} = $c->{instructions} / $l->{instructions};
    }

    return;
}

sub commas {
    my ($n) = @_;

    my $s = sprintf '%.0f', $n;
    1 while $s =~ s/(\d)(\d{3})(?!\d)/$1,$2/;

    return $s;
}

sub row { return '| ' . join(' | ', @_) . " |\n" }

sub allocations {
    my ($calls, $bytes) = @_;
    return $calls ? commas($calls) . ' (' . commas($bytes) . ' B)' : '0';
}

sub rising {
    my ($c) = @_;
    return defined $c->{cost_factor}
           && $c->{cost_factor} > $tolerance * $c->{size_factor};
}

sub growth {
    my ($c) = @_;

    return '' if !defined $c->{cost_factor};

    my $s = sprintf 'x%.2f for x%.4g', $c->{cost_factor}, $c->{size_factor};
    return rising($c) ? "**$s**" : $s;
}

sub each_more {
    my ($c) = @_;
    my $n = $c->{each_more} // return '';

    return abs $n < 1000 ? sprintf('%.2f', $n) : commas($n);
}

sub label {
    my ($c, $loadb) = @_;

    return $loadb ? "$c->{name}: $c->{series}"
           : join ', ', grep { length } $c->{series}, $c->{name};
}

sub table {
    my ($group, @cases) = @_;
    my $loadb = grep { defined $_->{of_loadb} } @cases;
    my $grown = grep { defined $_->{each_more} } @cases;
    my $read = $group ne 'Judge';
    my @head = ('', 'bytes', 'ns, best', 'median', 'instructions');

    push @head, 'a byte' if $read;
    push @head, 'each more', 'growth' if $grown;
    push @head, 'of json_loadb' if $loadb;
    push @head, 'pool', 'heap';

    my $text = "### $group\n\n" . row(@head)
               . '|---|' . '---:|' x $#head . "\n";

    for my $c (@cases) {
        my @row = (label($c, $loadb),
                   map { commas($c->{$_}) }
                       qw(bytes best median instructions));

        push @row, $c->{bytes}
                   ? sprintf('%.2f', $c->{instructions} / $c->{bytes}) : ''
            if $read;
        push @row, each_more($c), growth($c) if $grown;
        push @row, defined $c->{of_loadb}
                   ? sprintf('%.3f', $c->{of_loadb}) : '' if $loadb;
        push @row, allocations(@$c{qw(pool_calls pool_bytes)}),
                   allocations(@$c{qw(heap_calls heap_bytes)});

        $text .= row(@row);
    }

    return $text;
}

my @cases = measure();

grow(@cases);
compare(@cases);

my (%seen, @groups);

for my $c (@cases) {
    push @groups, $c->{group} if !$seen{ $c->{group} }++;
}

my $text = join "\n", map {
    my $group = $_;
    table($group, grep { $_->{group} eq $group } @cases);
} @groups;

my @rising = map { rising($_) ? "$_->{group}, $_->{series}, $_->{name}" : () }
             @cases;

$text .= <<'END';

Instructions are those of user space, by callgrind. "Growth" is that of
instructions beside that of the size, from the case before in the same series;
bold is what grows faster than its size. "Each more" is what another byte
costs, or another violation or member where these are counted. Bytes are those
that are read, or written in a report. Pool and heap are calls and bytes asked
for, the pool's through the core's own allocator. Memory and caches are warm.

END

$text .= wrap('', '', 'Faster than its size grows: '
              . (@rising ? join('; ', @rising) : 'nothing') . '.') . "\n";

print $text;

spew($out, JSON::PP->new->canonical->pretty->encode({ cases => \@cases }));

spew($document, "# What the core costs\n\n"
                . wrap('', '', 'The core alone, without nginx, as `make'
                       . " bench-core BENCH=--document=$document` has measured"
                       . ' it; [benchmarks.md](benchmarks.md) has the whole.')
                . "\n\n"
                . $text)
    if defined $document;

sub spew {
    my ($name, $all) = @_;

    open my $fh, '>', $name or die "$name: $!\n";
    print $fh $all;
    close $fh or die "$name: $!\n";
}
