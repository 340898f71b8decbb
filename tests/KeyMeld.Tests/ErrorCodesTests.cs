using KeyMeld.Protocol.Errors;

namespace KeyMeld.Tests;

public class ErrorCodesTests
{
    [Fact]
    public void Every_constant_is_in_the_table_and_every_row_has_a_constant()
    {
        var constants = typeof(ErrorCodes).GetFields().Where(field => field.IsLiteral).Select(field => (string)field.GetRawConstantValue()!).Order().ToArray();
        Assert.Equal(constants, ErrorCodes.All.Select(row => row.Code).Order());
    }

    [Fact]
    public void Every_row_says_what_to_do_in_a_sentence()
    {
        Assert.All(ErrorCodes.All, row => Assert.True(row.Action.EndsWith('.') && row.Action.Length > 20, row.Code));
        Assert.All(ErrorCodes.All, row => Assert.InRange(row.Status, 400, 599));
    }
}
