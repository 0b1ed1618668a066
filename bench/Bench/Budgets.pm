package Bench::Budgets;

# What the contract, section 9, lets a request take, in instructions.

use strict;
use warnings;

use Exporter 'import';

use Bench::Workloads qw(odd_workloads);

our @EXPORT_OK = qw(budgets budget_takes);

# workload, what it may take, and over what: the floor, which is a module that
# reads bodies and judges nothing; a plain proxy_pass; or '', in all.  "byte" is
# for each byte of the body or the path.

my @budgets = (
    [create => 2000, 'floor'],
    [create_dumps => 5000, 'floor'],
    [create_cjk => 2600, 'floor'],
    [create_warned => 3500, 'floor'],
    [detail => 850, 'floor'],
    [show => 650, 'floor'],
    [delete => 650, 'floor'],
    [refused_create => 15500, ''],
    [refused_query => 13000, ''],
    [create_4k => 1.5, 'floor', 'byte'],
    [create_4k_many => 3.8, 'floor', 'byte'],
    [create_64k => 1.0, 'floor', 'byte'],
    [create_64k_many => 4, 'floor', 'byte'],
    [create_64k_utf8 => 2.5, 'floor', 'byte'],
    [create_64k_escapes => 4, 'floor', 'byte'],
    [passer => 350, 'plain'],
    [passer_escape => 500, 'plain'],
);

# and of any body and any path

sub budgets {
    my @odd = map { $_->{key} } odd_workloads();

    return (@budgets,
            map({ [$_ => 60, '', 'byte'] } grep { /^body_/ } @odd),
            map({ [$_ => 40, 'plain', 'byte'] } grep { /^path_/ } @odd));
}

# what a budget's workload takes, of the instructions that it needs with the
# gateway and without, or undef where one of them is not known

sub budget_takes {
    my ($budget, $w, $ours, $base) = @_;
    my ($key, $most, $over, $byte) = @$budget;

    return if !defined $ours || $over && !defined $base;

    return ($ours - ($over ? $base : 0)) / budget_per($budget, $w);
}

sub budget_per {
    my ($budget, $w) = @_;

    return !$budget->[3] ? 1 : $w->{bytes} > 2 ? $w->{bytes}
                                               : length $w->{target};
}

1;
