/** Until there is something to show. */
export const Loading = ({ what }: { what: string }) => (
  <div class="loading" role="status">
    {what}
  </div>
);
