package Bench::Report;

# Markdown tables of what was measured.  The same keys give the same form,
# whatever the numbers are; what was not measured is "-".

use strict;
use warnings;

use Text::Wrap qw(wrap);

use Bench::Budgets qw(budgets budget_takes);
use Bench::Workloads qw(workloads odd_workloads);

# lines of 80 columns at most

$Text::Wrap::columns = 81;

# the variant that the targets are about

my $ours = 'enforce_zone';

sub markdown {
    my ($r) = @_;

    return join "\n", targets($r), tables($r), checks($r),
                      $r->{memory} ? memory($r) : (), machine($r);
}

sub row { return '| ' . join(' | ', @_) . " |\n" }

sub head { return row(@_) . '|' . '---|' x @_ . "\n" }

sub commas {
    my ($n) = @_;

    my $s = sprintf '%.0f', $n;
    1 while $s =~ s/(\d)(\d{3})(?!\d)/$1,$2/;

    return $s;
}

# of many digits the first tell enough

sub instructions_text {
    my ($n) = @_;

    return sprintf '%.0f M', $n / 1e6 if $n >= 99.95e6;
    return sprintf '%.1f M', $n / 1e6 if $n >= 999_500;
    return commas($n);
}

sub number {
    my ($r, $variant, $workload, $what) = @_;

    my $n = $r->{numbers}{$variant}{$workload} // {};
    return $n->{$what};
}

sub name {
    my ($r, $key) = @_;

    return (map { $_->{key} eq $key ? $_->{name} : () } @{ $r->{variants} })[0];
}

sub workload_name {
    my ($r, $key) = @_;

    my ($w) = grep { $_->{key} eq $key } @{ $r->{workloads} };
    return $w->{name};
}

sub targets {
    my ($r) = @_;

    my $i = sub { number($r, $_[0], $_[1], 'instructions') };

    # nginx's timers depend on the time that passes: a single count is not sure
    # to some dozens

    my @off = sort { $a <=> $b }
              map { my ($off, $plain) = ($i->('off', $_), $i->('plain', $_));
                    defined $off && defined $plain ? $off - $plain : () }
              map { $_->{key} } @{ $r->{workloads} };
    my $repeated = $r->{repeated};
    my $apart = $repeated ? 100 * abs($repeated->{second} - $repeated->{first})
                            / $repeated->{first} : undef;
    my @heap = grep { defined } map { number($r, $ours, $_, 'heap') }
               'create', 'detail', 'show', 'dws_create', 'create_64k';

    my @rows = (
        budgets_met($r),
        most('`off` over plain, the median of all workloads', 30,
             @off ? $off[@off / 2] : undef, '%+.0f'),
        least('requests a second, sample create, to plain', 0.95,
              number($r, $ours, 'create', 'ratio'), '%.3f'),
        (map { ahead($r, $_) } grep { $_->{other} } @{ $r->{variants} }),
        most('heap allocations past the pools in a good request', 0,
             @heap ? (sort { $b <=> $a } @heap)[0] : undef, '%.0f'),
        most('two counts of the same differ by, per cent', 0.1, $apart, '%.3f'),
    );

    return "### Targets\n\n`snapshot_gateway enforce` with a zone, but where"
         . " `off` is named; instructions,\nif nothing else is said.\n\n"
         . head('target', 'asked', 'measured', '') . join('', @rows);
}

# one row a budget; of the odd bodies and paths the worst ones

sub budgets_met {
    my ($r) = @_;

    my %workload = map { $_->{key} => $_ } workloads(), odd_workloads();
    my (@rows, %worst);

    for my $budget (budgets()) {
        my ($key, $most, $over, $byte) = @$budget;
        my ($ours, $base) = map { $_ && number($r, $_, $key, 'instructions') }
                            $ours, $over;
        my $takes = budget_takes($budget, $workload{$key}, $ours, $base);
        my $what = ($over ? "over the $over" =~ s/the plain/plain/r : 'in all')
                   . ($byte ? ', a byte' : '');

        if ($key !~ /^(body|path)_/) {
            push @rows, most("$workload{$key}{name}, $what", $most, $takes,
                             $byte ? '%.2f' : $over ? '%+.0f' : '%.0f');

        } elsif (!$worst{$1} || defined $takes && $takes > $worst{$1}[2]) {
            $worst{$1} = ["any $1 at all, $what", $most, $takes // 0,
                          "%.1f ($workload{$key}{name})"];
        }
    }

    return (@rows, map { most(@{ $worst{$_} }) } sort keys %worst);
}

sub verdict {
    my ($what, $asked, $value, $format, $met) = @_;

    return row($what, $asked, '-', '-') if !defined $value;
    return row($what, $asked, commas_in(sprintf $format, $value),
               $met ? 'met' : '**not met**');
}

sub commas_in {
    my ($s) = @_;

    return $s =~ s/(\d{4,})/commas($1)/er;
}

sub most {
    my ($what, $most, $value, $format) = @_;

    my $asked = '&le; ' . ($most >= 1000 ? commas($most) : $most);

    return verdict($what, $asked, $value, $format,
                   defined $value && $value <= $most);
}

sub least {
    my ($what, $least, $value, $format) = @_;

    return verdict($what, "&ge; $least", $value, $format,
                   defined $value && $value >= $least);
}

# how much more another way costs, where it costs least

sub ahead {
    my ($r, $other) = @_;

    my @rows;

    for (['instructions', 'instructions'], ['cpu_us', 'processor time']) {
        my ($what, $name) = @$_;
        my ($least, $where);

        for my $w (map { $_->{key} } @{ $r->{workloads} }) {
            my ($own, $their) = map { number($r, $_, $w, $what) } $ours,
                                                                 $other->{key};
            next if !$own || !$their;

            my $times = $their / $own;
            ($least, $where) = ($times, $w) if !defined $least
                                               || $times < $least;
        }

        push @rows, verdict("$other->{name}: $name, times ours, the least of"
                            . ' all workloads', '&gt; 1', $least,
                            '%.2f' . ($where ? ' (' . workload_name($r, $where)
                                               . ')' : ''),
                            defined $least && $least > 1);
    }

    return @rows;
}

my @metrics = (
    ['Instructions a request', 'in user space, by callgrind',
     'instructions', \&instructions_text],
    ['Processor time a request', 'of the worker, user and system,'
     . ' microseconds', 'cpu_us', sub { sprintf '%.1f', $_[0] }],
    ['Requests a second', 'as a ratio to plain in the same round',
     'ratio', sub { sprintf '%.3f', $_[0] }],
);

# the columns; what else was measured is in the data beside the document

my @columns = qw(plain floor off_zone monitor_zone enforce_zone lua njs
                 modsecurity);

sub tables {
    my ($r) = @_;

    my @tables;

    for (@metrics) {
        my ($title, $more, $what, $format) = @$_;

        next if !grep { defined number($r, 'plain', $_->{key}, $what) }
                 @{ $r->{workloads} };

        my $table = "### $title\n\n\u$more.\n\n"
                  . head('', map { name($r, $_) // $_ } @columns);

        for my $w (@{ $r->{workloads} }) {
            $table .= row($w->{name}, map {
                my $n = number($r, $_, $w->{key}, $what);
                defined $n ? $format->($n) : '-';
            } @columns);
        }

        push @tables, $table;
    }

    return @tables;
}

sub checks {
    my ($r) = @_;

    my $table = "### Verdicts\n\n"
              . wrap('', '', 'Of the cases in `t/data/cases.jsonl` about'
                     . ' creates and queries, but for those about the spelling'
                     . ' of paths and method overrides.') . "\n\n"
              . head('', 'agree', 'what it does not see');

    for my $v (@{ $r->{variants} }) {
        my $check = $r->{check}{ $v->{key} } or next;
        my $blind = $check->{blind};

        $table .= row($v->{name}, "$check->{agree} of $check->{cases}",
                      join '; ', map { "`$_`: $blind->{$_}" }
                                 sort keys %$blind);
    }

    return "$table\n"
        . wrap('', '', 'The alternatives name the first violation, where the'
               . ' gateway lists all; ModSecurity cannot add a response header,'
               . ' and judges no warnings.') . "\n";
}

sub memory {
    my ($r) = @_;

    my $table = "### Memory\n\n"
              . wrap('', '', 'kB of /proc/PID/smaps_rollup: the worker over'
                     . ' requests of which some are refused, master and worker'
                     . ' over reloads with requests between.') . "\n\n"
              . head('', 'measured at', 'Pss', 'private', 'Rss');

    for my $key (grep { $r->{memory}{$_} } qw(plain enforce_zone)) {
        for my $by (qw(requests reloads)) {
            my @samples = @{ $r->{memory}{$key}{$by} };

            for my $s (@samples[0, @samples > 3 ? $#samples / 2 : (), -1]) {
                $table .= row(name($r, $key), commas($s->{$by}) . " $by",
                              map { commas($s->{$_}) } qw(pss private rss));
            }
        }
    }

    return $table;
}

sub machine {
    my ($r) = @_;

    my $m = $r->{machine};
    my $v = $m->{versions};

    return "### Measured on\n\n" . wrap('', '',
           "$m->{cpu}, $m->{cores} cores, Linux $m->{kernel}, $m->{os};"
           . " $m->{date}, commit $m->{commit}. "
           . join(', ', map { "$_ $v->{$_}" } sort { lc $a cmp lc $b }
                                              keys %$v) . '.') . "\n";
}

1;
