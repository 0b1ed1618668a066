package Gateway::Samples;

# The identifiers and bodies that tests and benchmarks send.

use strict;
use warnings;

use Exporter 'import';
use JSON::PP ();

our @EXPORT = qw(PROJECT SNAPSHOT VOLUME CLUSTER create_body);

use constant {
    PROJECT  => '89cd04f168b84af6be287f71730fdb4b',
    SNAPSHOT => 'f9faf7df-fdc1-4093-9ef3-5cba06eef995',
    VOLUME   => '5aa119a8-d25b-45a7-8d1b-88e127885635',
    CLUSTER  => '44b277eb-39be-4921-be31-3d61b43651d7',
};

my $json = JSON::PP->new->utf8->canonical;

# a good EVS create; members given replace or add to those of "snapshot"

sub create_body {
    my (%members) = @_;
    return $json->encode({ snapshot => { volume_id => VOLUME, %members } });
}

1;
