using Amazon.KeyManagementService;

namespace KeyMeld.Tests.DevKit.Kms.Support;

/// <summary>A call of the AWS client that has to be refused, and the code it is refused with.</summary>
internal static class Refusal
{
    public static async Task<AmazonKeyManagementServiceException> OfAsync(Func<Task> call) =>
        await Assert.ThrowsAnyAsync<AmazonKeyManagementServiceException>(call);

    public static async Task<string> CodeAsync(Func<Task> call) => (await OfAsync(call)).ErrorCode;
}
