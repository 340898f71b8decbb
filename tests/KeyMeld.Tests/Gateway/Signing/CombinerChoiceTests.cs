using KeyMeld.Gateway.Signing;

namespace KeyMeld.Tests.Gateway.Signing;

public class CombinerChoiceTests
{
    [Fact]
    public void The_enclave_with_the_least_to_do_combines() => Assert.Equal(1, Chosen(inFlight: [2, 1, 3], signed: [50, 10, 50]));

    [Fact]
    public void Of_equally_busy_ones_the_one_that_signed_most_combines_for_it_has_most_of_the_work_at_hand() => Assert.Equal(2, Chosen(inFlight: [1, 0, 0], signed: [90, 10, 50]));

    [Fact]
    public void Of_equal_ones_the_first_combines_so_that_signings_spread_by_where_each_begins() => Assert.Equal(0, Chosen(inFlight: [0, 0, 0], signed: [50, 50, 50]));

    private static int Chosen(int[] inFlight, int[] signed) => SigningCalls.Best([0, 1, 2], enclave => inFlight[enclave], enclave => signed[enclave]);
}
